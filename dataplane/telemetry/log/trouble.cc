#include "dataplane/telemetry/log/trouble.h"

namespace penstock::telemetry {

void Trouble::Failed(TimePoint now, std::initializer_list<LogField> fields) {
  if (told_ || (last_.has_value() && now - *last_ < kQuiet)) return;
  told_ = true;
  last_ = now;
  if (log_ != nullptr) log_->Error(component_, begins_, fields);
}

void Trouble::Worked(std::initializer_list<LogField> fields) {
  if (!told_) return;
  told_ = false;
  if (log_ != nullptr) log_->Info(component_, over_, fields);
}

}  // namespace penstock::telemetry
