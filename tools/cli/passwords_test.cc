#include "tools/cli/passwords.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <string>

#include "dataplane/passwords/crypt.h"
#include "dataplane/passwords/user_file.h"
#include "gtest/gtest.h"

namespace penstock::cli {
namespace {

std::string Said(const absl::StatusOr<std::string>& read) {
  return read.ok() ? *read : "error: " + std::string(read.status().message());
}

std::string ReadFrom(std::string_view text) {
  int ends[2];
  EXPECT_EQ(pipe(ends), 0);
  EXPECT_EQ(write(ends[1], text.data(), text.size()), static_cast<ssize_t>(text.size()));
  close(ends[1]);
  std::string said = Said(ReadPassword(ends[0], STDERR_FILENO));
  close(ends[0]);
  return said;
}

TEST(ReadPassword, TakesTheOnlyLineOfAPipe) {
  EXPECT_EQ(ReadFrom("correct horse\n"), "correct horse");
  EXPECT_EQ(ReadFrom("correct horse"), "correct horse");
  EXPECT_EQ(ReadFrom(" blanks are of it \r\n"), " blanks are of it ");
  EXPECT_EQ(ReadFrom(""), "error: no password: standard input is empty");
  EXPECT_EQ(ReadFrom("a\nb\n"), "error: standard input has more than one line");
  EXPECT_EQ(ReadFrom(std::string(5000, 'a')), "error: the password is longer than any can be");
}

// A terminal whose user types TYPED.
std::string Typed(std::string_view typed) {
  int user = posix_openpt(O_RDWR | O_NOCTTY);
  EXPECT_TRUE(user >= 0 && grantpt(user) == 0 && unlockpt(user) == 0);
  int terminal = open(ptsname(user), O_RDWR | O_NOCTTY);
  termios before;
  EXPECT_EQ(tcgetattr(terminal, &before), 0);
  int shown[2];
  EXPECT_EQ(pipe(shown), 0);
  // What was typed before it is asked for is thrown away, so it is typed by a process of its own once the prompt is
  // there.
  std::string said;
  pid_t typist = fork();
  if (typist == 0) {
    char prompt;
    for (size_t at = 0; at < typed.size();) {
      while (read(shown[0], &prompt, 1) == 1 && prompt != ':') {
      }
      size_t end = typed.find('\n', at) + 1;
      if (write(user, typed.data() + at, end - at) < 0) _exit(1);
      at = end;
    }
    _exit(0);
  }
  said = Said(ReadPassword(terminal, shown[1]));
  termios after;
  EXPECT_EQ(tcgetattr(terminal, &after), 0);
  EXPECT_EQ(after.c_lflag, before.c_lflag) << "the terminal is as it was";
  waitpid(typist, nullptr, 0);
  for (int fd : {user, terminal, shown[0], shown[1]}) close(fd);
  return said;
}

TEST(ReadPassword, AsksTwiceAtATerminal) {
  EXPECT_EQ(Typed("correct horse\ncorrect horse\n"), "correct horse");
  EXPECT_EQ(Typed("correct horse\ncorrect hors\n"), "error: these are two different passwords");
  EXPECT_EQ(Typed("\n"), "error: the password is empty");
  EXPECT_EQ(Typed("\x03\n"), "error: the password has a control character");
}

TEST(HtpasswdLine, MakesALineThatDataPlanesTake) {
  for (const char* scheme : {"yescrypt", "bcrypt", "sha512"}) {
    absl::StatusOr<std::string> line = HtpasswdLine("ada", scheme, "correct horse");
    ASSERT_TRUE(line.ok()) << line.status();
    auto file = passwords::UserFile::Parse(*line);
    ASSERT_TRUE(file.ok()) << file.status();
    EXPECT_EQ(*passwords::Matches(file->Find("ada")->hash, "correct horse"), true);
  }
}

TEST(HtpasswdLine, SaysWhatCannotBeHashed) {
  EXPECT_EQ(Said(HtpasswdLine("a:b", "yescrypt", "x")), "error: the user's name has a colon");
  EXPECT_EQ(Said(HtpasswdLine("#a", "yescrypt", "x")), "error: a line that begins with # is a comment");
  EXPECT_EQ(Said(HtpasswdLine("ada", "md5", "x")), "error: --scheme md5: one of yescrypt, bcrypt and sha512");
  EXPECT_EQ(Said(HtpasswdLine("ada", "bcrypt", std::string(73, 'a'))),
            "error: the password has more than 72 bytes, and bcrypt looks at no more; take yescrypt");
}

}  // namespace
}  // namespace penstock::cli
