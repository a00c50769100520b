#pragma once

#include <coroutine>
#include <exception>
#include <optional>
#include <type_traits>
#include <utility>

#include "dataplane/base/check.h"
#include "dataplane/base/frame_pool.h"

namespace penstock {

template <typename T>
class Task;

namespace task_internal {

// What every coroutine of ours shares: pooled frames, and termination on exceptions (errors are values).
struct PromiseBase {
  static void* operator new(std::size_t size) { return frame_pool::Allocate(size); }
  static void operator delete(void* frame, std::size_t size) { frame_pool::Free(frame, size); }
  [[noreturn]] void unhandled_exception() noexcept { std::terminate(); }
};

struct TaskPromiseBase : PromiseBase {
  // Resumes whoever awaits, if it had to suspend. The nesting is as deep as the chain of awaits, never as long as a
  // loop.
  struct FinalAwaiter {
    bool await_ready() const noexcept { return false; }
    template <typename Promise>
    void await_suspend(std::coroutine_handle<Promise> self) const noexcept {
      std::coroutine_handle<> continuation = self.promise().continuation;
      if (continuation) continuation.resume();
    }
    void await_resume() const noexcept {}
  };

  std::suspend_always initial_suspend() noexcept { return {}; }
  FinalAwaiter final_suspend() noexcept { return {}; }

  std::coroutine_handle<> continuation;
  bool started = false;
};

template <typename T>
struct TaskPromise : TaskPromiseBase {
  Task<T> get_return_object();
  template <typename U>
  void return_value(U&& value) {
    result.emplace(std::forward<U>(value));
  }
  T Take() { return std::move(*result); }

  std::optional<T> result;
};

template <>
struct TaskPromise<void> : TaskPromiseBase {
  Task<void> get_return_object();
  void return_void() noexcept {}
  void Take() {}
};

// Owns a coroutine that has not started or has finished; one that is suspended half way must never be destroyed,
// because its locals (registered waits, running children) are in use.
template <typename Promise>
class Owner {
 public:
  Owner() = default;
  explicit Owner(std::coroutine_handle<Promise> handle) : handle_(handle) {}
  Owner(Owner&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Owner& operator=(Owner&& other) noexcept {
    Reset();
    handle_ = std::exchange(other.handle_, nullptr);
    return *this;
  }
  ~Owner() { Reset(); }

  std::coroutine_handle<Promise> get() const { return handle_; }

 private:
  void Reset() {
    if (!handle_) return;
    PENSTOCK_CHECK(!handle_.promise().started || handle_.done(),
                   "a suspended coroutine is never destroyed: cancel and join it");
    std::exchange(handle_, nullptr).destroy();
  }

  std::coroutine_handle<Promise> handle_;
};

// Runs the child at once, inside the parent's await: a child that finishes without waiting never suspends its parent,
// so the stack stays flat in loops in every build (symmetric transfer does not, without optimisation or under
// sanitizers).
template <typename Promise>
bool StartChild(std::coroutine_handle<Promise> child, std::coroutine_handle<> parent) {
  PENSTOCK_CHECK(!child.promise().started, "a task is awaited once");
  child.promise().started = true;
  child.resume();
  if (child.done()) return false;
  child.promise().continuation = parent;
  return true;
}

}  // namespace task_internal

// A lazy computation that may wait: either a coroutine, or a ready value (an ordinary function may return
// Task<T>(value), which costs no frame). Starts when it is awaited; awaited exactly once, as an rvalue:
//
//   StatusOr<Chunk> chunk = co_await body.Read();
//
// Belongs to one thread. A started task must finish before it is destroyed (it aborts otherwise): cancel what it waits
// for, then await it. No exception may leave it.
template <typename T = void>
class [[nodiscard]] Task {
 public:
  using promise_type = task_internal::TaskPromise<T>;

  template <typename U>
    requires(std::is_constructible_v<T, U &&> && !std::is_same_v<std::remove_cvref_t<U>, Task>)
  Task(U&& value) : value_(std::in_place, std::forward<U>(value)) {}  // NOLINT: a value is a ready task
  explicit Task(task_internal::Owner<promise_type> coroutine) : coroutine_(std::move(coroutine)) {}
  Task(Task&&) noexcept = default;
  Task& operator=(Task&&) noexcept = default;

  // Holds its value without having run anything.
  bool ready() const { return value_.has_value(); }

  // The value of a ready task: lets a caller go on without a coroutine. REQUIRES: ready().
  T TakeReady() && { return *std::move(value_); }

  auto operator co_await() && noexcept {
    struct Awaiter {
      Task& task;
      bool await_ready() const noexcept { return task.value_.has_value(); }
      bool await_suspend(std::coroutine_handle<> parent) {
        return task_internal::StartChild(task.coroutine_.get(), parent);
      }
      T await_resume() {
        if (task.value_.has_value()) return *std::move(task.value_);
        return task.coroutine_.get().promise().Take();
      }
    };
    return Awaiter{*this};
  }

 private:
  std::optional<T> value_;
  task_internal::Owner<promise_type> coroutine_;
};

template <>
class [[nodiscard]] Task<void> {
 public:
  using promise_type = task_internal::TaskPromise<void>;

  Task() = default;  // ready
  explicit Task(task_internal::Owner<promise_type> coroutine) : coroutine_(std::move(coroutine)) {}
  Task(Task&&) noexcept = default;
  Task& operator=(Task&&) noexcept = default;

  bool ready() const { return !coroutine_.get(); }

  auto operator co_await() && noexcept {
    struct Awaiter {
      Task& task;
      bool await_ready() const noexcept { return task.ready(); }
      bool await_suspend(std::coroutine_handle<> parent) {
        return task_internal::StartChild(task.coroutine_.get(), parent);
      }
      void await_resume() {}
    };
    return Awaiter{*this};
  }

 private:
  task_internal::Owner<promise_type> coroutine_;
};

namespace task_internal {

template <typename T>
Task<T> TaskPromise<T>::get_return_object() {
  return Task<T>(Owner(std::coroutine_handle<TaskPromise<T>>::from_promise(*this)));
}

inline Task<void> TaskPromise<void>::get_return_object() {
  return Task<void>(Owner(std::coroutine_handle<TaskPromise<void>>::from_promise(*this)));
}

// A coroutine that owns itself: starts at once, frees itself at its end.
struct Detached {
  struct promise_type : PromiseBase {
    Detached get_return_object() noexcept { return {}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() noexcept {}
  };
};

inline Detached RunDetached(Task<void> task) { co_await std::move(task); }

template <typename T>
Detached RunInto(Task<T> task, std::optional<T>* out) {
  T value = co_await std::move(task);
  out->emplace(std::move(value));
}

}  // namespace task_internal

// Starts the task now and lets it run on by itself. The only way to detach: the coroutine's arguments must be values,
// or outlive it by the caller's own arrangement.
inline void Spawn(Task<void> task) { task_internal::RunDetached(std::move(task)); }

// The result of a task that never has to wait: for pure callers and tests. Aborts if it waits.
template <typename T>
T RunReady(Task<T> task) {
  std::optional<T> value;
  task_internal::RunInto(std::move(task), &value);
  PENSTOCK_CHECK(value.has_value(), "the task had to wait");
  return *std::move(value);
}

}  // namespace penstock
