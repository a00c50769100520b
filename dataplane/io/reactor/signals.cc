#include "dataplane/io/reactor/signals.h"

#include <sys/signalfd.h>

#include <cerrno>
#include <csignal>

namespace penstock::io {
namespace {

sigset_t SetOf(std::initializer_list<int> signals) {
  sigset_t set;
  sigemptyset(&set);
  for (int signal : signals) sigaddset(&set, signal);
  return set;
}

}  // namespace

Status BlockSignals(std::initializer_list<int> signals) {
  std::signal(SIGPIPE, SIG_IGN);
  sigset_t set = SetOf(signals);
  int error = pthread_sigmask(SIG_BLOCK, &set, nullptr);
  return error == 0 ? absl::OkStatus() : absl::ErrnoToStatus(error, "pthread_sigmask");
}

StatusOr<std::unique_ptr<SignalWatch>> SignalWatch::Create(Reactor& reactor, std::initializer_list<int> signals,
                                                           Callback callback) {
  sigset_t set = SetOf(signals);
  Fd fd(signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC));
  if (!fd.valid()) return absl::ErrnoToStatus(errno, "signalfd");
  std::unique_ptr<SignalWatch> watch(new SignalWatch(reactor, std::move(fd), std::move(callback)));
  RETURN_IF_ERROR(reactor.WatchFor(watch->fd_.get(), EPOLLIN, false, *watch));
  return watch;
}

SignalWatch::~SignalWatch() { reactor_.Unwatch(fd_.get(), *this); }

// Level triggered: one signal per event, the rest in the next turn.
void SignalWatch::OnEvents(std::uint32_t) {
  signalfd_siginfo info;
  if (read(fd_.get(), &info, sizeof(info)) == sizeof(info)) callback_(static_cast<int>(info.ssi_signo));
}

}  // namespace penstock::io
