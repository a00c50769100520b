#include "dataplane/base/standard_descriptors.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>

namespace penstock {
namespace {

// In a process of its own: the number that a file gets once the standard descriptors were opened.
[[noreturn]] void OpenAFileWithClosedStandardDescriptors() {
  for (int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) close(fd);
  OpenStandardDescriptors();
  const bool fails = write(STDOUT_FILENO, "x", 1) < 0 && write(STDERR_FILENO, "x", 1) < 0;
  const int file = open("/dev/null", O_RDWR);
  _exit(fails && file > STDERR_FILENO ? 7 : 1);
}

TEST(StandardDescriptors, KeepTheirNumbersFromOtherFilesWhenTheyAreClosed) {
  EXPECT_EXIT(OpenAFileWithClosedStandardDescriptors(), testing::ExitedWithCode(7), "");
}

TEST(StandardDescriptors, StayWhatTheyAreWhenTheyAreOpen) {
  const int before = fcntl(STDERR_FILENO, F_GETFL);
  OpenStandardDescriptors();
  EXPECT_EQ(fcntl(STDERR_FILENO, F_GETFL), before);
}

}  // namespace
}  // namespace penstock
