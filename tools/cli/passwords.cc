#include "tools/cli/passwords.h"

#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <optional>

#include "dataplane/base/status.h"
#include "dataplane/passwords/crypt.h"
#include "dataplane/passwords/user_file.h"

namespace penstock::cli {
namespace {

constexpr size_t kMaxLine = 4096;

// A terminal that does not show what is typed, nor ends the program by it: it would stay like that.
class Silence {
 public:
  explicit Silence(int fd) : fd_(fd) {
    if (tcgetattr(fd, &before_) != 0) return;
    termios silent = before_;
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO | ISIG);
    changed_ = tcsetattr(fd, TCSAFLUSH, &silent) == 0;
  }
  ~Silence() {
    if (changed_) tcsetattr(fd_, TCSAFLUSH, &before_);
  }
  bool ok() const { return changed_; }

 private:
  const int fd_;
  termios before_;
  bool changed_ = false;
};

// Up to a line feed, which is taken and not given, or the end. nullopt: nothing more is there.
absl::StatusOr<std::optional<std::string>> ReadLine(int fd) {
  std::string line;
  for (char c; line.size() <= kMaxLine;) {
    ssize_t got = read(fd, &c, 1);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return absl::InvalidArgumentError("standard input cannot be read");
    if (got == 0) return line.empty() ? std::nullopt : std::optional(line);
    if (c == '\n') return std::optional(line);
    line += c;
  }
  return absl::InvalidArgumentError("the password is longer than any can be");
}

void Prompt(int fd, std::string_view text) {
  // Who does not see it types all the same.
  [[maybe_unused]] ssize_t written = write(fd, text.data(), text.size());
}

absl::StatusOr<std::string> TypedLine(int fd, int prompt_fd, std::string_view prompt) {
  Prompt(prompt_fd, prompt);
  absl::StatusOr<std::optional<std::string>> line = ReadLine(fd);
  Prompt(prompt_fd, "\n");
  RETURN_IF_ERROR(line.status());
  return line->value_or("");
}

absl::StatusOr<std::string> Typed(int fd, int prompt_fd) {
  Silence silence(fd);
  if (!silence.ok()) return absl::InvalidArgumentError("the terminal shows what is typed; pipe the password in");
  ASSIGN_OR_RETURN(std::string password, TypedLine(fd, prompt_fd, "password: "));
  std::string_view fault = passwords::PasswordFault(password);
  if (!fault.empty()) return absl::InvalidArgumentError(StrCat("the password ", fault));
  ASSIGN_OR_RETURN(std::string again, TypedLine(fd, prompt_fd, "again: "));
  if (again != password) return absl::InvalidArgumentError("these are two different passwords");
  return password;
}

struct SchemeName {
  std::string_view name;
  passwords::Scheme scheme;
};
constexpr SchemeName kSchemes[] = {{"yescrypt", passwords::Scheme::kYescrypt},
                                   {"bcrypt", passwords::Scheme::kBcrypt},
                                   {"sha512", passwords::Scheme::kSha512Crypt}};

}  // namespace

absl::StatusOr<std::string> ReadPassword(int fd, int prompt_fd) {
  if (isatty(fd) == 1) return Typed(fd, prompt_fd);
  ASSIGN_OR_RETURN(std::optional<std::string> password, ReadLine(fd));
  if (!password.has_value()) return absl::InvalidArgumentError("no password: standard input is empty");
  ASSIGN_OR_RETURN(std::optional<std::string> more, ReadLine(fd));
  if (more.has_value()) return absl::InvalidArgumentError("standard input has more than one line");
  if (password->ends_with('\r')) password->pop_back();
  return *password;
}

absl::StatusOr<std::string> HtpasswdLine(std::string_view user, std::string_view scheme, std::string_view password) {
  std::string_view fault = passwords::UserNameFault(user);
  if (!fault.empty()) return absl::InvalidArgumentError(StrCat("the user's name ", fault));
  if (user.starts_with('#')) return absl::InvalidArgumentError("a line that begins with # is a comment");
  for (const SchemeName& row : kSchemes) {
    if (row.name != scheme) continue;
    ASSIGN_OR_RETURN(passwords::PasswordHash hash, passwords::Hash(row.scheme, password));
    return StrCat(user, ":", hash.text());
  }
  return absl::InvalidArgumentError(StrCat("--scheme ", scheme, ": one of yescrypt, bcrypt and sha512"));
}

}  // namespace penstock::cli
