#include "dataplane/telemetry/access_log/leavable_calls.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <thread>

namespace penstock::telemetry {
namespace {

// What a thread that is left goes on to use.
struct Hanging {
  LeavableCalls calls;
  int pipe[2] = {-1, -1};
  std::atomic<bool> returned{false};
};

TEST(LeavableCalls, LeaveAThreadForGoodWhoseCallHangs) {
  static Hanging& hanging = *new Hanging;
  ASSERT_EQ(pipe(hanging.pipe), 0);
  EXPECT_FALSE(hanging.calls.Leave()) << "there is no call yet";
  std::thread thread([] {
    char byte;
    hanging.calls.Make([&] { return read(hanging.pipe[0], &byte, 1); });
    hanging.returned = true;
  });
  while (!hanging.calls.Leave()) std::this_thread::yield();
  thread.detach();
  ASSERT_EQ(write(hanging.pipe[1], "x", 1), 1);
  usleep(50'000);  // would be long enough to come back
  EXPECT_FALSE(hanging.returned);
}

TEST(LeavableCalls, ReturnWhatTheCallReturnedAndCannotBeLeftAfterwards) {
  LeavableCalls calls;
  EXPECT_EQ(calls.Make([] { return 42; }), 42);
  EXPECT_FALSE(calls.Leave());
}

}  // namespace
}  // namespace penstock::telemetry
