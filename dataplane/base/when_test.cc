#include "dataplane/base/when.h"

#include <deque>
#include <string>

#include "dataplane/base/status.h"
#include "gtest/gtest.h"

namespace penstock {
namespace {

// A wait that the test opens, and that a Cancellation ends.
class Gate final : public Cancellation::Listener {
 public:
  explicit Gate(std::deque<std::coroutine_handle<>>& queue) : queue_(queue) {}

  Task<Status> Pass(Cancellation* cancellation) {
    if (cancellation != nullptr && cancellation->cancelled()) co_return absl::CancelledError("before");
    if (cancellation != nullptr) cancellation->Add(*this);
    co_await *this;
    co_return status_;
  }
  void Open() { Resume(absl::OkStatus()); }
  void OnCancel() override { Resume(absl::CancelledError("cancelled")); }

  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> waiter) { waiter_ = waiter; }
  void await_resume() const noexcept {}

 private:
  void Resume(Status status) {
    Unlink();
    status_ = std::move(status);
    queue_.push_back(std::exchange(waiter_, nullptr));
  }

  std::deque<std::coroutine_handle<>>& queue_;
  std::coroutine_handle<> waiter_;
  Status status_;
};

void RunAll(std::deque<std::coroutine_handle<>>& queue) {
  while (!queue.empty()) {
    std::coroutine_handle<> next = queue.front();
    queue.pop_front();
    next.resume();
  }
}

Task<int> Number(int value) { co_return value; }
Task<std::string> Text(std::string value) { co_return value; }

Task<int> NumberAfter(Gate& gate, int value, Cancellation* cancellation = nullptr) {
  Status passed = co_await gate.Pass(cancellation);
  co_return passed.ok() ? value : -1;
}

Task<void> StoreAll(std::vector<Task<int>> tasks, std::vector<int>* out) {
  std::vector<int> values = co_await WhenAll(std::move(tasks));
  *out = std::move(values);
}

TEST(WhenAll, GivesResultsInTheOrderOfTheTasksWhateverFinishesFirst) {
  std::deque<std::coroutine_handle<>> queue;
  Gate a(queue), b(queue);
  std::vector<Task<int>> tasks;
  tasks.push_back(NumberAfter(a, 1));
  tasks.push_back(Number(2));
  tasks.push_back(NumberAfter(b, 3));
  std::vector<int> out;
  Spawn(StoreAll(std::move(tasks), &out));
  b.Open();
  RunAll(queue);
  EXPECT_TRUE(out.empty());
  a.Open();
  RunAll(queue);
  EXPECT_EQ(out, (std::vector<int>{1, 2, 3}));
}

Task<std::string> Both() {
  auto [number, text] = co_await WhenAll(Number(4), Text("two"));
  co_return text + std::to_string(number);
}

TEST(WhenAll, JoinsDifferentTypes) { EXPECT_EQ(RunReady(Both()), "two4"); }

TEST(WhenAll, OfNothingIsReadyAtOnce) { EXPECT_TRUE(RunReady(WhenAll(std::vector<Task<int>>())).empty()); }

Task<void> StoreFirst(std::vector<Task<int>> tasks, Cancellation* losers, std::optional<First<int>>* out) {
  First<int> first = co_await WhenAny(std::move(tasks), *losers);
  *out = first;
}

TEST(WhenAny, GivesTheFirstAndUnwindsTheOthersBeforeItReturns) {
  std::deque<std::coroutine_handle<>> queue;
  Gate a(queue), b(queue), c(queue);
  Cancellation losers;
  std::vector<Task<int>> tasks;
  tasks.push_back(NumberAfter(a, 1, &losers));
  tasks.push_back(NumberAfter(b, 2, &losers));
  tasks.push_back(NumberAfter(c, 3, &losers));
  std::optional<First<int>> first;
  Spawn(StoreFirst(std::move(tasks), &losers, &first));
  b.Open();
  RunAll(queue);
  ASSERT_TRUE(first.has_value());
  EXPECT_EQ(first->index, 1u);
  EXPECT_EQ(first->value, 2);
}

Task<void> StartAndJoin(Child<int>* child, Task<int> task, int* out) {
  child->Start(std::move(task));
  int value = co_await child->Join();
  *out = value;
}

TEST(Child, RunsBesideItsOwnerUntilJoined) {
  std::deque<std::coroutine_handle<>> queue;
  Gate gate(queue);
  Child<int> child;
  int out = 0;
  Spawn(StartAndJoin(&child, NumberAfter(gate, 5), &out));
  EXPECT_TRUE(child.running());
  gate.Open();
  RunAll(queue);
  EXPECT_FALSE(child.running());
  EXPECT_EQ(out, 5);
}

}  // namespace
}  // namespace penstock
