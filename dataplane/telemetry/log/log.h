// The system log: what operators must know about the process, not about requests. Lines go to standard error, as text
// or JSON. Secrets never go in.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "dataplane/base/mutex.h"

namespace penstock::telemetry {

enum class LogLevel : uint8_t { kDebug, kInfo, kWarn, kError };

// "debug", "info", "warn", "error"; an error names the four.
absl::StatusOr<LogLevel> ParseLogLevel(std::string_view name);
std::string_view LogLevelName(LogLevel level);

struct LogField {
  std::string_view name;
  std::string value;
};

// Thread-safe; may wait a second for standard error (then lines are lost), so not for the request path. Repeats of the
// same (component, message) beyond kBurst within kWindow are suppressed and counted in the next line that goes through.
class Log {
 public:
  enum class Format { kText, kJson };
  using Sink = std::function<void(std::string_view line)>;  // one line with its newline
  using NowFn = std::function<int64_t()>;                   // unix nanoseconds

  static constexpr int kBurst = 10;
  static constexpr int64_t kWindowNs = 60'000'000'000;

  // To standard error with the system's clock.
  explicit Log(LogLevel level = LogLevel::kInfo, Format format = Format::kText);
  Log(LogLevel level, Format format, Sink sink, NowFn now);

  bool Enabled(LogLevel level) const { return level >= level_.load(std::memory_order_relaxed); }
  LogLevel level() const { return level_.load(std::memory_order_relaxed); }
  void SetLevel(LogLevel level) { level_.store(level, std::memory_order_relaxed); }

  // MESSAGE is a constant sentence, what changes goes into FIELDS: log.Warn("xds", "control plane lost", {{"address",
  // a}}).
  void Write(LogLevel level, std::string_view component, std::string_view message,
             std::initializer_list<LogField> fields = {});
  void Debug(std::string_view component, std::string_view message, std::initializer_list<LogField> fields = {}) {
    Write(LogLevel::kDebug, component, message, fields);
  }
  void Info(std::string_view component, std::string_view message, std::initializer_list<LogField> fields = {}) {
    Write(LogLevel::kInfo, component, message, fields);
  }
  void Warn(std::string_view component, std::string_view message, std::initializer_list<LogField> fields = {}) {
    Write(LogLevel::kWarn, component, message, fields);
  }
  void Error(std::string_view component, std::string_view message, std::initializer_list<LogField> fields = {}) {
    Write(LogLevel::kError, component, message, fields);
  }

 private:
  struct Repeats {
    int64_t window_start = 0;
    int written = 0;
    uint64_t suppressed = 0;
  };

  // Whether a line may be written now; SUPPRESSED gets how many like it were not.
  bool Admit(std::string_view component, std::string_view message, int64_t now, uint64_t& suppressed);

  std::atomic<LogLevel> level_;
  const Format format_;
  const Sink sink_;
  const NowFn now_;
  Mutex mutex_;
  absl::flat_hash_map<std::string, Repeats> repeats_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace penstock::telemetry
