// System calls that may hang whatever one does, as those on a file system whose server is gone: the thread that makes
// them can be left behind, so that nobody has to wait for it.
#pragma once

#include <unistd.h>

#include <atomic>
#include <cstdint>

namespace penstock::telemetry {

class LeavableCalls {
 public:
  // What CALL returns. Does not return at all once the thread was left; until then CALL may touch only what lives on.
  template <typename Call>
  auto Make(Call call) {
    state_.store(State::kInside);
    auto result = call();
    if (state_.exchange(State::kOutside) == State::kLeft) StayForever();
    return result;
  }

  // Another thread: true if a call hangs right now; then nothing comes back from it. This object and what CALL touches
  // must stay for as long as the process lives.
  bool Leave() {
    State inside = State::kInside;
    return state_.compare_exchange_strong(inside, State::kLeft);
  }

 private:
  enum class State : uint8_t { kOutside, kInside, kLeft };

  [[noreturn]] static void StayForever() {
    while (true) pause();
  }

  std::atomic<State> state_{State::kOutside};
};

}  // namespace penstock::telemetry
