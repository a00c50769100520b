#include "controlplane/store/sqlite/disk_error.h"

#include <sqlite3.h>
#include <sys/statvfs.h>

#include <cerrno>
#include <cstring>

#include "dataplane/base/strings.h"

namespace penstock::store {
namespace {

// A commit needs a few pages in the journal, and the journal's index grows by 32 KiB.
constexpr uint64_t kTooLittle = 256 << 10;

// What SQLite was doing; the rest is "reading or writing".
struct Doing {
  int extended_code;
  std::string_view what;
};
constexpr Doing kDoings[] = {
    {SQLITE_IOERR_READ, "reading"},
    {SQLITE_IOERR_SHORT_READ, "reading"},
    {SQLITE_IOERR_WRITE, "writing"},
    {SQLITE_IOERR_FSYNC, "syncing"},
    {SQLITE_IOERR_DIR_FSYNC, "syncing"},
    {SQLITE_IOERR_TRUNCATE, "truncating"},
    {SQLITE_IOERR_SHMOPEN, "opening -shm of"},
    {SQLITE_IOERR_SHMSIZE, "growing -shm of"},
    {SQLITE_IOERR_SHMMAP, "mapping -shm of"},
    {SQLITE_IOERR_LOCK, "locking"},
};

std::string_view DoingOf(int extended_code) {
  for (const Doing& doing : kDoings) {
    if (doing.extended_code == extended_code) return doing.what;
  }
  return "reading or writing";
}

absl::Status NoSpace(std::string_view path, std::string_view what) {
  return absl::InternalError(StrCat("no space left for ", path, what,
                                    ": nothing was stored; free space on that file system and try again. What "
                                    "was stored before is served and can be read meanwhile"));
}

}  // namespace

DiskSpace SpaceAt(const std::string& path) {
  struct statvfs disk;
  if (::statvfs(path.c_str(), &disk) != 0) return {.bytes = UINT64_MAX, .has_files = true};
  // Some file systems count no files.
  return {.bytes = disk.f_bavail * disk.f_frsize, .has_files = disk.f_files == 0 || disk.f_favail > 0};
}

absl::Status DiskError(int extended_code, std::string_view detail, std::string_view path, const DiskSpace& space) {
  switch (extended_code & 0xff) {
    case SQLITE_OK:
    case SQLITE_ROW:
    case SQLITE_DONE:
      return absl::OkStatus();
    case SQLITE_FULL:
      return NoSpace(path, "");
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return absl::DataLossError(StrCat(path, " is damaged (", detail,
                                        "): stop the control plane, put a backup of the file in its place, and start "
                                        "once with --new-epoch; data planes go on serving meanwhile"));
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return absl::InternalError(StrCat(path, " is locked by another program (", detail, "): close it and try again"));
    case SQLITE_READONLY:
    case SQLITE_PERM:
      return absl::InternalError(StrCat(path, " is read-only (", detail,
                                        "): nothing was stored; check its owner, its mode and whether its file "
                                        "system is mounted read-only"));
    case SQLITE_CANTOPEN:
      if (space.bytes < kTooLittle || !space.has_files) return NoSpace(path, " and its -wal and -shm");
      return absl::InternalError(
          StrCat(path, " or its -wal or -shm cannot be opened (", detail, "): check the owner and mode of its folder"));
    case SQLITE_IOERR:
      if (space.bytes < kTooLittle || !space.has_files) return NoSpace(path, " and its -wal and -shm");
      return absl::InternalError(StrCat("I/O error while ", DoingOf(extended_code), " ", path, " (", detail,
                                        "): nothing was acknowledged; look at the disk in the kernel log (dmesg), "
                                        "then restart the control plane"));
    default:
      return absl::InternalError(StrCat("SQLite on ", path, ": ", detail, ", code ", extended_code));
  }
}

absl::Status OpenError(std::string_view path, int error) {
  const bool full = error == ENOSPC || error == EDQUOT;
  return absl::UnavailableError(StrCat("cannot open ", path, ": ", std::strerror(error), ": ",
                                       full ? "free space on that file system"
                                       : error == EROFS
                                           ? "mount the file system for writing, or choose another --state-dir"
                                           : "check --state-dir, its owner and its mode"));
}

}  // namespace penstock::store
