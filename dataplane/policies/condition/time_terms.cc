#include "dataplane/policies/condition/time_terms.h"

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

#include "absl/strings/str_format.h"
#include "dataplane/policies/condition/value_set.h"

namespace penstock::policies {
namespace {

constexpr uint32_t kMinutesOfDay = 24 * 60;
constexpr uint32_t kDays = 7;
constexpr const char* kDayNames[kDays] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
constexpr uint32_t kDayOfEpoch = 4;  // 1970-01-01 was a Thursday

// A time of the week, UTC.
struct Moment {
  uint32_t day;     // 0 Sunday
  uint32_t minute;  // of the day
};

Moment MomentOf(WallTime time) {
  auto day = std::chrono::floor<std::chrono::days>(time);
  auto minute = std::chrono::floor<std::chrono::minutes>(time - day).count();
  int64_t weekday = (day.time_since_epoch().count() + kDayOfEpoch) % kDays;
  return {static_cast<uint32_t>((weekday + kDays) % kDays), static_cast<uint32_t>(minute)};
}

struct Window {
  uint32_t from = 0;  // minute of the day
  uint32_t to = 0;    // exclusive; not above `from`: of the next day
  bool days[kDays] = {};

  bool Contains(Moment moment) const {
    bool today = days[moment.day];
    if (from < to) return today && from <= moment.minute && moment.minute < to;
    bool since_yesterday = days[(moment.day + kDays - 1) % kDays];
    return (today && from <= moment.minute) || (since_yesterday && moment.minute < to);
  }

  // "08:00-18:00 Mon Tue"
  std::string Text() const {
    std::string text = absl::StrFormat("%02d:%02d-%02d:%02d", from / 60, from % 60, to / 60, to % 60);
    if (std::all_of(std::begin(days), std::end(days), [](bool day) { return day; })) return text;
    for (uint32_t day = 0; day < kDays; ++day) {
      if (days[day]) text += StrCat(" ", kDayNames[day]);
    }
    return text;
  }
};

class TimesTerm final : public Term {
 public:
  explicit TimesTerm(std::vector<Window> windows) : windows_(std::move(windows)) {}

  bool Holds(const Exchange& x, Use) const override {
    Moment now = MomentOf(x.time.wall);
    return std::any_of(windows_.begin(), windows_.end(), [now](const Window& window) { return window.Contains(now); });
  }
  std::string Describe() const override {
    return StrCat("time ", ShortList(windows_.size(), [this](size_t i) { return windows_[i].Text(); }), " UTC");
  }
  std::string Seen(const Exchange& x) const override {
    Moment now = MomentOf(x.time.wall);
    return absl::StrFormat("it is %s %02d:%02d", kDayNames[now.day], now.minute / 60, now.minute % 60);
  }

 private:
  std::vector<Window> windows_;
};

StatusOr<Window> MakeWindow(const xds::v1::TimeWindow& config) {
  if (config.from_minute() >= kMinutesOfDay) return absl::InvalidArgumentError("from_minute: a day has 1440 minutes");
  if (config.to_minute() > kMinutesOfDay) return absl::InvalidArgumentError("to_minute: a day has 1440 minutes");
  if (config.from_minute() == config.to_minute() && config.to_minute() != 0) {
    return absl::InvalidArgumentError("to_minute: is the time that the window begins at, so that no time is within it");
  }
  Window window{.from = config.from_minute(), .to = config.to_minute()};
  if (window.from == 0 && window.to == 0) window.to = kMinutesOfDay;
  for (uint32_t day : config.days()) {
    if (day >= kDays) return absl::InvalidArgumentError(StrCat("days: ", day, " is none of 0 (Sunday) to 6"));
    window.days[day] = true;
  }
  if (config.days().empty()) std::fill(std::begin(window.days), std::end(window.days), true);
  return window;
}

}  // namespace

Status AddTimes(const xds::v1::Condition& config, std::vector<TermPtr>& terms) {
  if (config.times().empty()) return absl::OkStatus();
  RETURN_IF_ERROR(CheckCount(config.times_size(), kMaxTerms, "times"));
  std::vector<Window> windows;
  for (int i = 0; i < config.times_size(); ++i) {
    StatusOr<Window> window = MakeWindow(config.times(i));
    if (!window.ok()) return absl::InvalidArgumentError(StrCat("times[", i, "].", window.status().message()));
    windows.push_back(*window);
  }
  terms.push_back(std::make_unique<TimesTerm>(std::move(windows)));
  return absl::OkStatus();
}

}  // namespace penstock::policies
