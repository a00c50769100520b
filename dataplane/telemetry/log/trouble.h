#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string_view>

#include "dataplane/base/clock.h"
#include "dataplane/telemetry/log/log.h"

namespace penstock::telemetry {

// Something that fails again and again until it works again: told when it begins and when it is over, and not what lies
// between. What comes and goes begins at most kBurst times in kQuiet. One thread.
class Trouble {
 public:
  static constexpr Duration kQuiet = std::chrono::minutes(1);
  static constexpr size_t kBurst = 3;

  // BEGINS and OVER are constant sentences. LOG may be null: then nobody is told.
  Trouble(Log* log, std::string_view component, std::string_view begins, std::string_view over)
      : log_(log), component_(component), begins_(begins), over_(over) {}

  void Failed(TimePoint now, std::initializer_list<LogField> fields = {});
  void Worked(std::initializer_list<LogField> fields = {});
  // Its beginning was told, its end not yet.
  bool told() const { return told_; }

 private:
  Log* const log_;
  const std::string_view component_;
  const std::string_view begins_;
  const std::string_view over_;
  bool told_ = false;
  std::array<std::optional<TimePoint>, kBurst> begun_;  // the latest that were told, a ring
  size_t oldest_ = 0;
};

}  // namespace penstock::telemetry
