#include "tools/cli/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "controlplane/manifests/parse.h"
#include "dataplane/base/status.h"
#include "tools/cli/text.h"

namespace penstock::cli {
namespace {

namespace fs = std::filesystem;

absl::Status CannotRead(const std::string& path, std::string_view why) {
  return absl::InvalidArgumentError(StrCat("cannot read ", path, ": ", why));
}

absl::StatusOr<std::string> ReadDescriptor(int fd, const std::string& name) {
  std::string bytes;
  char block[65536];
  for (;;) {
    ssize_t n = read(fd, block, sizeof(block));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return CannotRead(name, std::strerror(errno));
    if (n == 0) return bytes;
    bytes.append(block, static_cast<size_t>(n));
    if (bytes.size() > kMaxManifestBytes) return CannotRead(name, "larger than 64 MiB");
  }
}

bool IsManifest(const fs::path& path) {
  return path.extension() == ".yaml" || path.extension() == ".yml" || path.extension() == ".json";
}

absl::StatusOr<std::vector<std::string>> ManifestsBelow(const std::string& folder) {
  std::vector<std::string> found;
  std::error_code error;
  fs::recursive_directory_iterator it(folder, error), end;
  for (; !error && it != end; it.increment(error)) {
    bool hidden = StartsWith(it->path().filename().string(), ".");
    if (hidden && it->is_directory(error)) it.disable_recursion_pending();
    if (!hidden && it->is_regular_file(error) && IsManifest(it->path())) found.push_back(it->path().string());
  }
  if (error) return CannotRead(folder, error.message());
  if (found.empty()) return CannotRead(folder, "no *.yaml, *.yml or *.json file in it");
  std::sort(found.begin(), found.end());
  return found;
}

absl::Status AppendManifests(const std::string& path, std::vector<ManifestFile>& files) {
  if (path == "-") {
    ASSIGN_OR_RETURN(std::string text, ReadDescriptor(STDIN_FILENO, "standard input"));
    files.push_back({"-", std::move(text)});
    return absl::OkStatus();
  }
  std::error_code error;
  std::vector<std::string> names = {path};
  if (fs::is_directory(path, error)) {
    ASSIGN_OR_RETURN(names, ManifestsBelow(path));
  }
  for (const std::string& name : names) {
    absl::StatusOr<std::string> text = ReadFile(name);
    if (!text.ok()) return absl::InvalidArgumentError(text.status().message());
    files.push_back({name, *std::move(text)});
  }
  return absl::OkStatus();
}

// Only few manifests name files, so only those are read twice.
void AppendAttachments(std::vector<ManifestFile>& files) {
  std::vector<manifests::File> naming;
  for (const ManifestFile& file : files) {
    if (file.text.find("dataFromFiles") != std::string::npos) naming.push_back({.name = file.name, .bytes = file.text});
  }
  for (const std::string& name : manifests::Parse(naming).attachments) {
    absl::StatusOr<std::string> text = ReadFile(name);
    if (text.ok()) files.push_back({.name = name, .text = *std::move(text), .attached = true});
  }
}

absl::Status CannotWrite(const std::string& path) {
  return absl::InvalidArgumentError(StrCat("cannot write ", path, ": ", std::strerror(errno)));
}

bool WriteAll(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    ssize_t n = write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(n));
  }
  return true;
}

absl::Status ReplaceFile(const std::string& path, std::string_view bytes) {
  std::string scratch = StrCat(path, ".new-", getpid());
  int fd = open(scratch.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  bool written = fd >= 0 && WriteAll(fd, bytes) && fsync(fd) == 0;
  if (fd >= 0) written = close(fd) == 0 && written;
  if (written && rename(scratch.c_str(), path.c_str()) == 0) return absl::OkStatus();
  absl::Status failed = CannotWrite(path);
  unlink(scratch.c_str());
  return failed;
}

// A device, a fifo, or a link to a file that does not exist yet.
absl::Status WriteInto(const std::string& path, std::string_view bytes) {
  int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_NOCTTY | O_CLOEXEC, 0600);
  if (fd < 0) return CannotWrite(path);
  absl::Status written = WriteAll(fd, bytes) ? absl::OkStatus() : CannotWrite(path);
  close(fd);
  return written;
}

}  // namespace

absl::StatusOr<std::vector<ManifestFile>> ReadManifests(const std::vector<std::string>& paths) {
  if (paths.empty()) return absl::InvalidArgumentError("nothing to read; name manifests with -f FILE, -f DIR or -f -");
  std::vector<ManifestFile> files;
  for (const std::string& path : paths) RETURN_IF_ERROR(AppendManifests(path, files));
  AppendAttachments(files);
  size_t total = 0;
  for (const ManifestFile& file : files) total += file.text.size();
  if (total > kMaxManifestBytes) {
    return absl::InvalidArgumentError(StrCat("the manifests are ", total >> 20, " MiB together; the limit is 64 MiB"));
  }
  return files;
}

absl::StatusOr<std::string> ReadFile(const std::string& path) {
  int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0 && errno == ENOENT) return absl::NotFoundError(StrCat("cannot read ", path, ": it does not exist"));
  if (fd < 0) return CannotRead(path, std::strerror(errno));
  absl::StatusOr<std::string> bytes = ReadDescriptor(fd, path);
  close(fd);
  return bytes;
}

absl::Status MakeFolders(const std::string& path) {
  std::error_code error;
  fs::path so_far;
  for (const fs::path& part : fs::path(path)) {
    so_far /= part;
    if (part.empty() || fs::exists(so_far, error)) continue;
    if (mkdir(so_far.c_str(), 0700) == 0 || errno == EEXIST) continue;
    return absl::InvalidArgumentError(StrCat("cannot make the folder ", so_far.string(), ": ", std::strerror(errno)));
  }
  return absl::OkStatus();
}

absl::Status WriteFileAtomically(const std::string& path, std::string_view bytes) {
  RETURN_IF_ERROR(MakeFolders(fs::path(path).parent_path().string()));
  return ReplaceFile(path, bytes);
}

absl::Status WriteOutput(const std::string& path, std::string_view bytes) {
  std::error_code error;
  std::string folder = fs::path(path).parent_path().string();
  if (!folder.empty() && !fs::is_directory(folder, error)) {
    return absl::InvalidArgumentError(StrCat("cannot write ", path, ": there is no folder ", folder));
  }
  fs::file_status status = fs::status(path, error);
  if (fs::is_directory(status)) return absl::InvalidArgumentError(StrCat("cannot write ", path, ": it is a folder"));
  bool replaceable = fs::is_regular_file(status) || !fs::exists(fs::symlink_status(path, error));
  if (!replaceable) return WriteInto(path, bytes);
  return ReplaceFile(fs::is_regular_file(status) ? fs::canonical(path, error).string() : path, bytes);
}
}  // namespace penstock::cli
