#include "test/support/exec_barrier.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

namespace penstock::test {

ExecBarrier::ExecBarrier() {
  int ends[2] = {-1, -1};
  EXPECT_EQ(pipe2(ends, O_CLOEXEC), 0);
  read_ = ends[0];
  write_ = fcntl(ends[1], F_DUPFD_CLOEXEC, kHighest);
  EXPECT_GE(write_, kHighest);
  close(ends[1]);
}

ExecBarrier::~ExecBarrier() {
  close(write_);
  char nothing;
  EXPECT_EQ(read(read_, &nothing, 1), 0) << "the pipe ends when its last copy is closed";
  close(read_);
}

}  // namespace penstock::test
