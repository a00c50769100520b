#include "dataplane/telemetry/log/trouble.h"

namespace penstock::telemetry {

void Trouble::Failed(TimePoint now, std::initializer_list<LogField> fields) {
  std::optional<TimePoint>& oldest = begun_[oldest_];
  if (told_ || (oldest.has_value() && now - *oldest < kQuiet)) return;
  told_ = true;
  oldest = now;
  oldest_ = (oldest_ + 1) % kBurst;
  if (log_ != nullptr) log_->Error(component_, begins_, fields);
}

void Trouble::Worked(std::initializer_list<LogField> fields) {
  if (!told_) return;
  told_ = false;
  if (log_ != nullptr) log_->Info(component_, over_, fields);
}

}  // namespace penstock::telemetry
