#pragma once

#include <initializer_list>
#include <memory>

#include "absl/functional/any_invocable.h"
#include "dataplane/io/reactor/reactor.h"

namespace penstock::io {

// Blocks the signals in this thread and in all that it starts: call it in main() before any thread exists. Signals are
// then only seen by a SignalWatch. SIGPIPE is ignored besides.
Status BlockSignals(std::initializer_list<int> signals);

// Calls back on the reactor's thread for each of these signals. The signals must be blocked (above).
class SignalWatch final : private EventSource {
 public:
  using Callback = absl::AnyInvocable<void(int signal)>;

  static StatusOr<std::unique_ptr<SignalWatch>> Create(Reactor& reactor, std::initializer_list<int> signals,
                                                       Callback callback);
  ~SignalWatch();

 private:
  SignalWatch(Reactor& reactor, Fd fd, Callback callback)
      : reactor_(reactor), fd_(std::move(fd)), callback_(std::move(callback)) {}
  void OnEvents(std::uint32_t events) override;

  Reactor& reactor_;
  Fd fd_;
  Callback callback_;
};

}  // namespace penstock::io
