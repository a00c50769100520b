#include "controlplane/tickets/keeper.h"

#include <utility>

#include "controlplane/store/secrecy.h"
#include "dataplane/base/status.h"

namespace penstock::tickets {

Keeper::Keeper(store::Store* store, telemetry::Log* log, Publish publish, std::function<absl::Time()> clock)
    : store_(*store), log_(*log), publish_(std::move(publish)), clock_(std::move(clock)) {}

Keeper::~Keeper() {
  {
    MutexLock lock(&mutex_);
    stop_ = true;
  }
  stopped_.SignalAll();
  if (thread_.joinable()) thread_.join();
}

absl::Status Keeper::Load() {
  ASSIGN_OR_RETURN(auto state, store_.RolloutState());
  for (const auto& [name, value] : state) {
    if (name != store::kTicketKeys) continue;
    std::optional<xds::v1::TicketKeys> keys = FromBytes(value);
    if (keys.has_value())
      Adopt(*std::move(keys));
    else
      log_.Error("tickets", "the stored keys of session tickets are damaged; new ones are made");
  }
  Look();
  return absl::OkStatus();
}

void Keeper::Start() { thread_ = std::thread(&Keeper::Run, this); }

void Keeper::Run() {
  while (WaitForTurn()) Look();
}

bool Keeper::WaitForTurn() {
  MutexLock lock(&mutex_);
  if (!stop_) stopped_.WaitFor(&mutex_, absl::ToChronoNanoseconds(kLookEvery));
  return !stop_;
}

void Keeper::Look() {
  const absl::Time now = clock_();
  std::optional<xds::v1::TicketKeys> keys;
  {
    MutexLock lock(&mutex_);
    keys = keys_;
  }
  if (keys.has_value() && !IsDue(*keys, now)) return;
  xds::v1::TicketKeys next = keys.has_value() ? Rotated(*keys, now) : FirstKeys(now);
  const absl::Status stored = store_.PutRolloutState(store::kTicketKeys, ToBytes(next));
  if (!stored.ok()) {
    // Once, not every time that it is tried again.
    if (!std::exchange(refused_, true)) {
      log_.Error("tickets", "a new key for session tickets could not be stored; the one before goes on",
                 {{"error", std::string(stored.message())}});
    }
    return;
  }
  refused_ = false;
  Adopt(std::move(next));
  log_.Info("tickets", keys.has_value() ? "rotated the keys of session tickets" : "made keys for session tickets");
}

void Keeper::Adopt(xds::v1::TicketKeys keys) {
  {
    MutexLock lock(&mutex_);
    keys_ = keys;
  }
  publish_(keys);
}

std::optional<absl::Time> Keeper::SealingSince() const {
  MutexLock lock(&mutex_);
  if (!keys_.has_value()) return std::nullopt;
  return tickets::SealingSince(*keys_);
}

}  // namespace penstock::tickets
