#include "dataplane/telemetry/log/log.h"

#include <limits.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "dataplane/base/status.h"

namespace penstock::telemetry {
namespace {

constexpr std::array<std::string_view, 4> kLevelNames = {"debug", "info", "warn", "error"};

// A reader that stalls costs lines: it gets kPatienceMs once, and its next ones when it reads again.
class StandardError {
 public:
  void operator()(std::string_view line) {
    while (!line.empty()) {
      if (!HasRoom()) return;
      // What poll(2) calls writable has room for that many; the flags belong to everybody who shares the descriptor.
      ssize_t n = write(STDERR_FILENO, line.data(), std::min<size_t>(line.size(), PIPE_BUF));
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) return;  // there is nobody left to tell
      line.remove_prefix(static_cast<size_t>(n));
    }
  }

 private:
  static constexpr int kPatienceMs = 1000;

  bool HasRoom() {
    pollfd writable{STDERR_FILENO, POLLOUT, 0};
    stalled_ = poll(&writable, 1, stalled_ ? 0 : kPatienceMs) == 0;
    return !stalled_;
  }

  bool stalled_ = false;
};

bool IsBare(std::string_view text) {
  if (text.empty()) return false;
  for (char c : text) {
    if (c <= ' ' || c >= 0x7f || c == '"' || c == '\\' || c == '=') return false;
  }
  return true;
}

// As a JSON string, also in the text format: a value must not be able to start a new line.
void AppendQuoted(std::string_view text, std::string& out) {
  constexpr char kHex[] = "0123456789abcdef";
  out += '"';
  for (char c : text) {
    auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20 || byte == 0x7f) {
      out += "\\u00";
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    } else {
      out += c;
    }
  }
  out += '"';
}

std::string Timestamp(int64_t unix_ns) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", absl::FromUnixNanos(unix_ns), absl::UTCTimeZone());
}

void AppendText(std::string_view name, std::string_view value, std::string& line) {
  line += ' ';
  line += name;
  line += '=';
  if (IsBare(value)) {
    line += value;
  } else {
    AppendQuoted(value, line);
  }
}

void AppendJson(std::string_view name, std::string_view value, std::string& line) {
  line += line.empty() ? '{' : ',';
  AppendQuoted(name, line);
  line += ':';
  AppendQuoted(value, line);
}

}  // namespace

absl::StatusOr<LogLevel> ParseLogLevel(std::string_view name) {
  for (size_t i = 0; i < kLevelNames.size(); ++i) {
    if (kLevelNames[i] == name) return static_cast<LogLevel>(i);
  }
  return absl::InvalidArgumentError(StrCat("\"", name, "\" is not a log level; use debug, info, warn or error"));
}

std::string_view LogLevelName(LogLevel level) { return kLevelNames[static_cast<size_t>(level)]; }

Log::Log(LogLevel level, Format format) : Log(level, format, StandardError(), absl::GetCurrentTimeNanos) {}

Log::Log(LogLevel level, Format format, Sink sink, NowFn now)
    : level_(level), format_(format), sink_(std::move(sink)), now_(std::move(now)) {}

void Log::Write(LogLevel level, std::string_view component, std::string_view message,
                std::initializer_list<LogField> fields) {
  if (!Enabled(level)) return;
  int64_t now = now_();
  uint64_t suppressed = 0;
  if (!Admit(component, message, now, suppressed)) return;
  std::string line;
  if (format_ == Format::kText) {
    line = StrCat(Timestamp(now), " ", LogLevelName(level), " ", component, ": ", message);
    for (const LogField& field : fields) AppendText(field.name, field.value, line);
    if (suppressed > 0) AppendText("suppressed", StrCat(suppressed), line);
  } else {
    AppendJson("time", Timestamp(now), line);
    AppendJson("level", LogLevelName(level), line);
    AppendJson("component", component, line);
    AppendJson("message", message, line);
    for (const LogField& field : fields) AppendJson(field.name, field.value, line);
    if (suppressed > 0) AppendJson("suppressed", StrCat(suppressed), line);
    line += '}';
  }
  line += '\n';
  MutexLock lock(&mutex_);
  sink_(line);
}

bool Log::Admit(std::string_view component, std::string_view message, int64_t now, uint64_t& suppressed) {
  MutexLock lock(&mutex_);
  Repeats& repeats = repeats_[StrCat(component, ":", message)];
  if (now - repeats.window_start >= kWindowNs) {
    suppressed = repeats.suppressed;
    repeats = {now, 0, 0};
  }
  if (repeats.written >= kBurst) {
    ++repeats.suppressed;
    return false;
  }
  ++repeats.written;
  return true;
}

}  // namespace penstock::telemetry
