#include "dataplane/exchange/attachments.h"

#include <gtest/gtest.h>

#include <string>

namespace penstock {
namespace {

struct Noting final : Attachment {
  explicit Noting(std::string& log) : log(log) {}
  ~Noting() override { log += "-"; }
  Task<void> Stop() override {
    log += "stop";
    return Task<void>();
  }
  std::string& log;
};

// Nothing here waits.
void Finish(Task<void> task) {
  bool done = false;
  auto set = [](Task<void> inner, bool* when) -> Task<void> {
    co_await std::move(inner);
    *when = true;
  };
  task_internal::RunDetached(set(std::move(task), &done));
  EXPECT_TRUE(done);
}

TEST(Attachments, LiveAsLongAsTheirOwners) {
  std::string log;
  Attachments attachments;
  auto owner = std::make_shared<int>(1);
  auto make = [&] { return std::make_unique<Noting>(log); };
  Noting& first = attachments.Get<Noting>(owner, make);
  EXPECT_EQ(&attachments.Get<Noting>(owner, make), &first);
  Finish(attachments.Sweep());
  EXPECT_EQ(log, "");
  owner.reset();
  Finish(attachments.Sweep());
  EXPECT_EQ(log, "stop-");
  EXPECT_TRUE(attachments.empty());
}

TEST(Attachments, EndWithTheirWorker) {
  std::string log;
  Attachments attachments;
  auto owner = std::make_shared<int>(1);
  attachments.Get<Noting>(owner, [&] { return std::make_unique<Noting>(log); });
  Finish(attachments.Sweep(true));
  EXPECT_EQ(log, "stop-");
}

// A new owner at the address of one that is gone must not get what was the other's.
TEST(Attachments, AreNobodyElses) {
  std::string log;
  Attachments attachments;
  auto make = [&] { return std::make_unique<Noting>(log); };
  auto one = std::make_shared<int>(1);
  Noting* first = &attachments.Get<Noting>(one, make);
  std::shared_ptr<int> other(one.get(), [](int*) {});
  one.reset();
  EXPECT_NE(&attachments.Get<Noting>(other, make), first);
  Finish(attachments.Sweep(true));
}

}  // namespace
}  // namespace penstock
