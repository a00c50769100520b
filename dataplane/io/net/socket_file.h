#pragma once

#include <sys/types.h>

#include <atomic>
#include <memory>
#include <string>
#include <string_view>

#include "dataplane/io/net/listener.h"

namespace penstock::io {

// The file of a Unix socket that this process listens at.
class SocketFile {
 public:
  // REQUIRES: PATH is a socket of this process, with that inode.
  SocketFile(std::string path, dev_t device, ino_t inode) : path_(std::move(path)), device_(device), inode_(inode) {}
  SocketFile(const SocketFile&) = delete;
  ~SocketFile() { Remove(); }

  // Takes the file away, unless it is somebody else's by now: who comes later finds nobody, who came before still waits
  // in the accept queue. Before the socket is closed, so that nobody takes the file for a dead process's. Any thread.
  void Remove();

 private:
  const std::string path_;
  const dev_t device_;
  const ino_t inode_;
  std::atomic<bool> removed_{false};
};

struct UnixListening {
  Fd socket;  // bound, listening, non-blocking
  std::unique_ptr<SocketFile> file;
};

// Who may connect: the owner and the group of the file, whatever the umask is.
inline constexpr mode_t kSocketMode = 0660;

// Listens at PATH, which is absolute. A socket there that nobody listens at any more is replaced. kAlreadyExists:
// somebody listens, who is named as far as this process may see; kFailedPrecondition: the file is no socket, and stays.
// Several processes may try at the same time: one wins. Not for workers.
StatusOr<UnixListening> ListenUnix(std::string_view path, const ListenOptions& options);

// Another descriptor of the same socket: Unix sockets have no SO_REUSEPORT, so workers share one accept queue.
StatusOr<Fd> Duplicate(const Fd& socket);

}  // namespace penstock::io
