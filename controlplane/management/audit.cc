#include "controlplane/management/audit.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "absl/strings/str_format.h"
#include "dataplane/base/status.h"
#include "dataplane/base/strings.h"

namespace penstock::management {
namespace {

std::string Quoted(std::string_view text) {
  std::string quoted = "\"";
  for (char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      quoted += '\\';
      quoted += c;
    } else if (byte < 0x20 || byte == 0x7f) {
      quoted += absl::StrFormat("\\u%04x", byte);
    } else {
      quoted += c;
    }
  }
  quoted += '"';
  return quoted;
}

void Add(std::string& line, std::string_view name, std::string_view json_value) {
  line += StrCat(line.empty() ? "{" : ",", "\"", name, "\":", json_value);
}

absl::StatusOr<int> OpenFile(const std::string& path) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd >= 0) return fd;
  return absl::UnavailableError(StrCat("cannot open ", path, ": ", std::strerror(errno), ": check --state-dir"));
}

}  // namespace

std::string AuditLine(const AuditEntry& entry) {
  std::string line;
  Add(line, "time", Quoted(absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", entry.time, absl::UTCTimeZone())));
  Add(line, "author", Quoted(entry.author));
  Add(line, "peer", Quoted(entry.peer));
  Add(line, "verb", Quoted(entry.verb));
  Add(line, "outcome", Quoted(entry.outcome));
  Add(line, "generation", StrCat(entry.generation));
  Add(line, "objects", StrCat(entry.objects));
  if (entry.dry_run) Add(line, "dryRun", "true");
  if (!entry.request_id.empty()) Add(line, "requestId", Quoted(entry.request_id));
  if (!entry.message.empty()) Add(line, "message", Quoted(entry.message));
  if (!entry.error.empty()) Add(line, "error", Quoted(entry.error));
  return line + "}";
}

absl::StatusOr<AuditLog> AuditLog::Open(const std::string& path) {
  ASSIGN_OR_RETURN(const int fd, OpenFile(path));
  return AuditLog(path, fd);
}

absl::Status AuditLog::Reopen() {
  ASSIGN_OR_RETURN(const int fd, OpenFile(path_));
  MutexLock lock(&mutex_);
  ::close(std::exchange(fd_, fd));
  return absl::OkStatus();
}

AuditLog::~AuditLog() {
  if (fd_ >= 0) ::close(fd_);
}

void AuditLog::Write(const AuditEntry& entry) {
  const std::string line = AuditLine(entry) + "\n";
  MutexLock lock(&mutex_);
  if (::write(fd_, line.data(), line.size()) != static_cast<ssize_t>(line.size())) ++lost_;
}

uint64_t AuditLog::lost() const {
  MutexLock lock(&mutex_);
  return lost_;
}

}  // namespace penstock::management
