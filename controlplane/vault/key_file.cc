#include "controlplane/vault/key_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <string_view>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "controlplane/vault/wipe.h"
#include "dataplane/base/status.h"
#include "dataplane/base/strings.h"

namespace penstock::vault {
namespace {

constexpr std::string_view kHowToWriteOne =
    "write 32 random bytes as base64 or as hexadecimal digits, as `openssl rand -base64 32` prints them";

constexpr std::string_view kHead =
    "# penstock-controlplane seals the Secrets in its store under this key. Without it they cannot be read.\n"
    "# Keep a copy of this file, apart from the copies of store.db.\n";

// An open file, closed at the end.
class File {
 public:
  explicit File(int fd) : fd_(fd) {}
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File() {
    if (fd_ >= 0) ::close(fd_);
  }

  int fd() const { return fd_; }
  bool ok() const { return fd_ >= 0; }

 private:
  const int fd_;
};

absl::Status Cannot(std::string_view what, const std::string& path) {
  const int error = errno;
  const std::string text = StrCat("cannot ", what, " the key file ", path, ": ", std::strerror(error));
  return error == ENOENT ? absl::NotFoundError(text) : absl::UnavailableError(text);
}

absl::Status CheckMode(int fd, const std::string& path) {
  struct stat info{};
  if (::fstat(fd, &info) != 0) return Cannot("look at", path);
  if (!S_ISREG(info.st_mode)) return absl::UnavailableError(StrCat("the key file ", path, " is no file"));
  if ((info.st_mode & 077) == 0) return absl::OkStatus();
  return absl::FailedPreconditionError(StrCat("others may read the key file ", path, "; run: chmod 600 ", path));
}

// Up to one byte more than kMaxKeyFileBytes.
absl::Status ReadInto(int fd, const std::string& path, std::string& text) {
  text.resize(kMaxKeyFileBytes + 1);
  size_t size = 0;
  while (size < text.size()) {
    const ssize_t more = ::read(fd, text.data() + size, text.size() - size);
    if (more < 0 && errno == EINTR) continue;
    if (more < 0) return Cannot("read", path);
    if (more == 0) break;
    size += static_cast<size_t>(more);
  }
  text.resize(size);
  return absl::OkStatus();
}

bool Decode(std::string_view line, std::string& bytes) {
  if (line.size() != 2 * Key::kBytes) return absl::Base64Unescape(ToAbsl(line), &bytes);
  if (!std::all_of(line.begin(), line.end(), absl::ascii_isxdigit)) return false;
  bytes = absl::HexStringToBytes(ToAbsl(line));
  return true;
}

absl::Status AddKey(std::string_view line, const std::string& place, std::vector<Key>& keys) {
  std::string bytes;
  const bool decoded = Decode(line, bytes) && bytes.size() == Key::kBytes;
  absl::Cleanup wipe = [&] { Wipe(bytes); };
  if (!decoded) return absl::InvalidArgumentError(StrCat(place, ": not a key: ", kHowToWriteOne));
  Key key(bytes);
  if (std::any_of(keys.begin(), keys.end(), [&](const Key& other) { return other.id() == key.id(); })) {
    return absl::InvalidArgumentError(StrCat(place, ": key ", ToString(key.id()), " stands above already: remove it"));
  }
  keys.push_back(std::move(key));
  return absl::OkStatus();
}

absl::StatusOr<std::vector<Key>> Parse(std::string_view text, const std::string& path) {
  std::vector<Key> keys;
  for (size_t number = 1; !text.empty(); ++number) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    const std::string_view key = ToStd(absl::StripAsciiWhitespace(ToAbsl(line.substr(0, line.find('#')))));
    if (!key.empty()) RETURN_IF_ERROR(AddKey(key, StrCat(path, ":", number), keys));
  }
  if (keys.empty()) return absl::InvalidArgumentError(StrCat("the key file ", path, " holds no key: ", kHowToWriteOne));
  return keys;
}

absl::Status Write(int fd, const Key& key, const std::string& path) {
  std::string encoded;
  absl::Base64Escape(absl::string_view(reinterpret_cast<const char*>(key.bytes().data()), key.bytes().size()),
                     &encoded);
  std::string text;
  text.reserve(kHead.size() + encoded.size() + 1);  // one buffer, which is wiped
  text.append(kHead).append(encoded).append("\n");
  const ssize_t written = ::write(fd, text.data(), text.size());
  const bool whole = written == static_cast<ssize_t>(text.size());
  if (written >= 0 && !whole) errno = ENOSPC;
  const absl::Status status = whole && ::fsync(fd) == 0 ? absl::OkStatus() : Cannot("write", path);
  Wipe(encoded);
  Wipe(text);
  return status;
}

absl::Status SyncFolderOf(const std::string& path) {
  const std::string folder = std::filesystem::path(path).parent_path().string();
  const File file(::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!file.ok() || ::fsync(file.fd()) != 0) return Cannot("sync the folder of", path);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::vector<Key>> ReadKeyFile(const std::string& path) {
  // Not blocked by a pipe that nobody writes to.
  const File file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!file.ok()) return Cannot("open", path);
  RETURN_IF_ERROR(CheckMode(file.fd(), path));
  std::string text;
  absl::Cleanup wipe = [&] { Wipe(text); };
  RETURN_IF_ERROR(ReadInto(file.fd(), path, text));
  if (text.size() > kMaxKeyFileBytes) {
    return absl::InvalidArgumentError(StrCat("the key file ", path, " has more than ", kMaxKeyFileBytes, " bytes"));
  }
  return Parse(text, path);
}

absl::Status MakeKeyFile(const std::string& path) {
  const std::string draft = path + ".new";
  ::unlink(draft.c_str());  // of a crash
  {
    const File file(::open(draft.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (!file.ok()) return Cannot("make", draft);
    RETURN_IF_ERROR(Write(file.fd(), Key::Random(), draft));
  }
  // Unlike rename(2) it replaces nothing.
  const bool linked = ::link(draft.c_str(), path.c_str()) == 0;
  const absl::Status status = linked            ? SyncFolderOf(path)
                              : errno == EEXIST ? absl::AlreadyExistsError(StrCat("there is a key file ", path))
                                                : Cannot("make", path);
  ::unlink(draft.c_str());
  return status;
}

}  // namespace penstock::vault
