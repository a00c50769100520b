#include "tools/cli/interrupt.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "tools/cli/exit.h"
#include "tools/cli/text.h"

namespace penstock::cli {
namespace {

// The main thread may be printing: no stream is shared with it.
void Write(int file, std::string_view text) {
  [[maybe_unused]] ssize_t written = write(file, text.data(), text.size());
}

}  // namespace

std::string FateText(ChangeState state) {
  switch (state.phase) {
    case ChangeState::kNotSent:
      return "nothing was sent, so nothing was stored";
    case ChangeState::kSent:
      return "unknown whether it was stored; `penstock history` tells";
    case ChangeState::kStored:
      return StrCat("stored as generation ", state.generation,
                    ", and goes on being rolled out; `penstock status` shows how far it is");
    case ChangeState::kUnchanged:
      return StrCat("nothing was changed; the newest generation stays ", state.generation);
    case ChangeState::kDryRun:
      return "a dry run, nothing was stored";
  }
  return "";
}

Interrupt::Interrupt(std::string may_be_stored)
    : may_be_stored_(std::move(may_be_stored)), stop_(eventfd(0, EFD_CLOEXEC)) {
  sigset_t interrupts;
  sigemptyset(&interrupts);
  sigaddset(&interrupts, SIGINT);
  signals_ = signalfd(-1, &interrupts, SFD_CLOEXEC);
  pthread_sigmask(SIG_BLOCK, &interrupts, &before_);
  thread_ = std::thread(&Interrupt::Watch, this);
}

Interrupt::~Interrupt() {
  eventfd_write(stop_, 1);
  thread_.join();
  pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  close(signals_);
  close(stop_);
}

void Interrupt::Set(ChangeState state) {
  MutexLock lock(&mutex_);
  state_ = state;
}

void Interrupt::Watch() {
  pollfd watched[] = {{.fd = signals_, .events = POLLIN, .revents = 0}, {.fd = stop_, .events = POLLIN, .revents = 0}};
  while (poll(watched, 2, -1) < 0) {
  }
  if (watched[0].revents == 0) return;
  MutexLock lock(&mutex_);  // what is said here is still so when the process ends
  if (isatty(STDERR_FILENO) == 1) Write(STDERR_FILENO, "\n");
  if (state_.phase == ChangeState::kSent || state_.phase == ChangeState::kStored) Write(STDOUT_FILENO, may_be_stored_);
  Write(STDERR_FILENO, StrCat("interrupted: ", FateText(state_), "\n"));
  _exit(static_cast<int>(Exit::kInterrupted));
}

}  // namespace penstock::cli
