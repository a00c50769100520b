#include "dataplane/telemetry/access_log/log_file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <string>

namespace penstock::telemetry {
namespace {

// Writes until there is no room; how much that was.
size_t Fill(const LogFile& file) {
  std::string text(10'000, 'x');
  iovec piece{text.data(), text.size()};
  size_t written = 0;
  for (ssize_t n; (n = file.Write({&piece, 1})) > 0;) written += static_cast<size_t>(n);
  EXPECT_EQ(errno, EAGAIN);
  return written;
}

TEST(LogFile, WaitsForNobodyOnAPipeThatIsSharedAndLeavesItsFlagsAlone) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  LogFile file = LogFile::Shared(dup(ends[1]));
  size_t written = Fill(file);
  EXPECT_GT(written, 0u);
  EXPECT_EQ(fcntl(ends[1], F_GETFL) & O_NONBLOCK, 0);
  EXPECT_FALSE(file.WaitForRoom(0));
  std::string buffer(8192, ' ');
  ASSERT_EQ(read(ends[0], buffer.data(), buffer.size()), 8192);
  EXPECT_TRUE(file.WaitForRoom(0));
  EXPECT_GT(Fill(file), 0u);
  close(ends[0]);
  close(ends[1]);
}

TEST(LogFile, WaitsForNobodyOnASocketThatIsSharedAndLeavesItsFlagsAlone) {
  int ends[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
  LogFile file = LogFile::Shared(dup(ends[1]));
  EXPECT_GT(Fill(file), 0u);
  EXPECT_EQ(fcntl(ends[1], F_GETFL) & O_NONBLOCK, 0);
  close(ends[0]);
  iovec piece{const_cast<char*>("x"), 1};
  EXPECT_EQ(file.Write({&piece, 1}), -1) << "nobody is left, and no signal says so";
  EXPECT_EQ(errno, EPIPE);
  close(ends[1]);
}

TEST(LogFile, ClosesWhatItHadWhenItTakesAnother) {
  int first[2], second[2];
  ASSERT_EQ(pipe(first), 0);
  ASSERT_EQ(pipe(second), 0);
  LogFile file = LogFile::Shared(first[1]);
  file = LogFile::Shared(second[1]);
  char byte;
  EXPECT_EQ(read(first[0], &byte, 1), 0) << "its only writer is gone";
  EXPECT_TRUE(file.WaitForRoom(0));
  close(first[0]);
  close(second[0]);
}

}  // namespace
}  // namespace penstock::telemetry
