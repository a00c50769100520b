#pragma once

#include <cstddef>
#include <optional>
#include <tuple>
#include <utility>
#include <vector>

#include "dataplane/base/cancellation.h"
#include "dataplane/base/task.h"

// The only fan-out: children start at once, on the same thread, and the caller goes on when all have finished. Nothing
// outlives the await.
namespace penstock {

namespace when_internal {

// Counts children down and resumes the one waiter at zero.
class Join {
 public:
  explicit Join(std::size_t children) : left_(children) {}

  void Arrive() {
    --left_;
    if (left_ == 0 && waiter_) std::exchange(waiter_, nullptr).resume();
  }

  bool await_ready() const noexcept { return left_ == 0; }
  void await_suspend(std::coroutine_handle<> waiter) { waiter_ = waiter; }
  void await_resume() const noexcept {}

 private:
  std::size_t left_;
  std::coroutine_handle<> waiter_;
};

template <typename T>
task_internal::Detached RunChild(Task<T> task, std::optional<T>* out, Join* join) {
  T value = co_await std::move(task);
  out->emplace(std::move(value));
  join->Arrive();
}

inline task_internal::Detached RunChild(Task<void> task, Join* join) {
  co_await std::move(task);
  join->Arrive();
}

// The first to finish writes its index and cancels the others.
struct Race {
  Cancellation& losers;
  std::optional<std::size_t> winner;
};

template <typename T>
task_internal::Detached RunRacer(Task<T> task, std::size_t index, std::optional<T>* out, Race* race, Join* join) {
  T value = co_await std::move(task);
  if (!race->winner.has_value()) {
    race->winner = index;
    out->emplace(std::move(value));
    race->losers.Cancel();
  }
  join->Arrive();
}

}  // namespace when_internal

// All results, in the order of the tasks.
template <typename T>
Task<std::vector<T>> WhenAll(std::vector<Task<T>> tasks) {
  when_internal::Join join(tasks.size());
  std::vector<std::optional<T>> results(tasks.size());
  for (std::size_t i = 0; i < tasks.size(); ++i) when_internal::RunChild<T>(std::move(tasks[i]), &results[i], &join);
  co_await join;
  std::vector<T> values;
  values.reserve(results.size());
  for (std::optional<T>& result : results) values.push_back(*std::move(result));
  co_return values;
}

inline Task<void> WhenAll(std::vector<Task<void>> tasks) {
  when_internal::Join join(tasks.size());
  for (Task<void>& task : tasks) when_internal::RunChild(std::move(task), &join);
  co_await join;
}

// Results of different types: `auto [head, sent] = co_await WhenAll(ReadHead(), Send());`
template <typename... Ts>
  requires(sizeof...(Ts) > 0)
Task<std::tuple<Ts...>> WhenAll(Task<Ts>... tasks) {
  when_internal::Join join(sizeof...(Ts));
  std::tuple<std::optional<Ts>...> results;
  std::apply([&](auto&... slots) { (when_internal::RunChild<Ts>(std::move(tasks), &slots, &join), ...); }, results);
  co_await join;
  co_return std::apply([](auto&... slots) { return std::tuple<Ts...>(*std::move(slots)...); }, results);
}

template <typename T>
struct First {
  std::size_t index;
  T value;
};

// The first result. The tasks must wait under `losers` (or a child of it): it is cancelled when the first has finished,
// and the caller goes on once the others have unwound. REQUIRES: at least one task.
template <typename T>
Task<First<T>> WhenAny(std::vector<Task<T>> tasks, Cancellation& losers) {
  PENSTOCK_CHECK(!tasks.empty(), "nothing to wait for");
  when_internal::Join join(tasks.size());
  when_internal::Race race{losers, std::nullopt};
  std::optional<T> result;
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    when_internal::RunRacer<T>(std::move(tasks[i]), i, &result, &race, &join);
  }
  co_await join;
  co_return First<T>{*race.winner, *std::move(result)};
}

// A task that runs beside its owner: Start() runs it until it first waits, Join() gives its result. Must have finished
// when it is destroyed: cancel what it waits for, then join it. Joined at most once.
template <typename T>
class Child {
 public:
  Child() = default;
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() { PENSTOCK_CHECK(!running(), "a running child must be joined"); }

  void Start(Task<T> task) {
    PENSTOCK_CHECK(!started_, "a child starts once");
    started_ = true;
    when_internal::RunChild<T>(std::move(task), &result_, &join_);
  }
  bool started() const { return started_; }
  bool running() const { return started_ && !join_.await_ready(); }

  // The result, once finished. REQUIRES: started() and not running().
  const T& result() const { return *result_; }

  Task<T> Join() {
    PENSTOCK_CHECK(started_, "only a started child can be joined");
    if (!running()) return Task<T>(*std::move(result_));
    return Wait();
  }

 private:
  Task<T> Wait() {
    co_await join_;
    co_return *std::move(result_);
  }

  when_internal::Join join_{1};
  std::optional<T> result_;
  bool started_ = false;
};

}  // namespace penstock
