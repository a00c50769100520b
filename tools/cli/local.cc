#include "tools/cli/local.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>
#include <vector>

#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "tools/cli/files.h"
#include "tools/cli/text.h"

namespace penstock::cli {
namespace {

namespace fs = std::filesystem;

struct Home {
  std::string_view name;
  std::string_view in_bazel_bin;  // relative to the folder of this program there
};
constexpr Home kHomes[] = {
    {"penstock-controlplane", "../../controlplane/server/penstock-controlplane"},
    {"penstock-dataplane", "../../dataplane/server/penstock-dataplane"},
};

bool IsProgram(const std::string& path) { return !fs::is_directory(path) && access(path.c_str(), X_OK) == 0; }

std::string FindInPath(const Environment& environment, std::string_view name) {
  std::string path_variable = environment.Get("PATH");
  for (std::string_view folder : Split(path_variable, ":")) {
    if (folder.empty()) continue;
    std::string path = StrCat(folder, "/", name);
    if (IsProgram(path)) return path;
  }
  return "";
}

// -1 if `address` is not an IPv4 address or the call fails.
int WithSocket(const std::string& address, uint16_t port, int (*call)(int, const sockaddr*, socklen_t),
               uint16_t* bound = nullptr) {
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  if (inet_pton(AF_INET, address.c_str(), &to.sin_addr) != 1) return -1;
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  int result = call(fd, reinterpret_cast<const sockaddr*>(&to), sizeof(to));
  socklen_t length = sizeof(to);
  if (bound != nullptr && getsockname(fd, reinterpret_cast<sockaddr*>(&to), &length) == 0) *bound = ntohs(to.sin_port);
  close(fd);
  return result;
}

}  // namespace

std::string SelfName(const Environment& environment) {
  absl::StatusOr<std::string> command = ReadFile("/proc/self/cmdline");
  std::string typed = command.ok() ? command->substr(0, command->find('\0')) : "penstock";
  std::error_code error;
  std::string found = FindInPath(environment, "penstock");
  bool same = !found.empty() && fs::equivalent(found, "/proc/self/exe", error);
  return same ? "penstock" : typed;
}

absl::StatusOr<std::string> SelfPath() {
  std::error_code error;
  fs::path path = fs::read_symlink("/proc/self/exe", error);
  if (error) return absl::InternalError(StrCat("/proc/self/exe: ", error.message()));
  return path.string();
}

absl::StatusOr<std::string> FindBinary(const Environment& environment, std::string_view name) {
  absl::StatusOr<std::string> self = SelfPath();
  if (!self.ok()) return self.status();
  std::string beside = fs::path(*self).parent_path().string();
  std::vector<std::string> candidates;
  if (environment.Has("PENSTOCK_BIN_DIR")) candidates.push_back(StrCat(environment.Get("PENSTOCK_BIN_DIR"), "/", name));
  candidates.push_back(StrCat(beside, "/", name));
  for (const Home& home : kHomes) {
    if (home.name == name) candidates.push_back(StrCat(beside, "/", home.in_bazel_bin));
  }
  for (const std::string& candidate : candidates) {
    if (IsProgram(candidate)) return fs::weakly_canonical(candidate).string();
  }
  std::string found = FindInPath(environment, name);
  if (!found.empty()) return found;
  return absl::InvalidArgumentError(
      StrCat("cannot find ", name, "; looked for ", Join(candidates, ", "),
             " and in PATH\n  build it:  bazel build -c opt //...   or name its folder in PENSTOCK_BIN_DIR"));
}

bool IsFree(const std::string& address, uint16_t port) { return WithSocket(address, port, bind) == 0; }

absl::StatusOr<uint16_t> FreePort(const std::string& address, uint16_t wanted) {
  if (IsFree(address, wanted)) return wanted;
  uint16_t bound = 0;
  if (WithSocket(address, 0, bind, &bound) == 0) return bound;
  return absl::InvalidArgumentError(StrCat("cannot bind any port of ", address));
}

absl::Status WaitUntilAccepts(Processes& processes, const std::string& address, uint16_t port, const std::string& log,
                              absl::Duration limit) {
  absl::Time end = absl::Now() + limit;
  while (absl::Now() < end) {
    if (WithSocket(address, port, connect) == 0) return absl::OkStatus();
    Processes::Event event = processes.Wait(absl::Milliseconds(20));
    if (event.kind == Processes::Event::kStop) return absl::CancelledError("stopped");
    if (event.kind == Processes::Event::kDeath) return absl::DataLossError(DeathText(event.death, log));
  }
  return absl::UnavailableError(
      StrCat("nothing answers on ", address, ":", port, " after ", absl::FormatDuration(limit)));
}

std::string DeathText(const Death& death, const std::string& log) {
  std::string text = StrCat(death.name, " (pid ", death.pid, ") died: ", death.how);
  std::vector<std::string> lines = LastLines(log, 8);
  if (!lines.empty()) StrAppend(&text, "\n  the last lines of ", log, ":\n    ", Join(lines, "\n    "));
  return text;
}

absl::StatusOr<std::string> MakeScratchFolder(const Environment& environment, std::string_view prefix) {
  std::string path = StrCat(environment.Has("TMPDIR") ? environment.Get("TMPDIR") : "/tmp", "/", prefix, "XXXXXX");
  if (mkdtemp(path.data()) != nullptr) return path;
  return absl::InvalidArgumentError(StrCat("cannot make a folder like ", path));
}

std::string ShellWord(std::string_view word) {
  constexpr std::string_view kPlain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:=,@%+";
  if (!word.empty() && word.find_first_not_of(kPlain) == std::string_view::npos) return std::string(word);
  std::string quoted = "'";
  for (char c : word) c == '\'' ? quoted += "'\\''" : quoted += c;
  return quoted + "'";
}

}  // namespace penstock::cli
