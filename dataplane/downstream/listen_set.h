#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "dataplane/base/status.h"
#include "dataplane/downstream/listener_loads.h"
#include "dataplane/io/net/socket_file.h"
#include "dataplane/io/reactor/fd.h"
#include "dataplane/snapshot/snapshot.h"

namespace penstock::downstream {

// The open connections of one place over all workers; touched once per connection.
struct PlaceLoad {
  std::atomic<int64_t> connections{0};
  ListenerLoads listeners;  // of those whose handshake has named its server
};

// The listening sockets of one place: one per worker, sharing the port with SO_REUSEPORT. Of a Unix socket one
// descriptor per worker: they share its accept queue.
struct PlaceSockets {
  snapshot::BindKey key;
  io::SocketAddress address;    // as bound
  std::vector<io::Fd> sockets;  // by worker
  std::shared_ptr<PlaceLoad> load;
  std::shared_ptr<io::SocketFile> file;  // of a Unix socket, else null
};

// A place that cannot be listened at.
struct PlaceFailure {
  snapshot::BindKey key;
  std::optional<snapshot::BindKey> same_as;  // another place of the same generation that is the same address
  Status why;                                // names the address, the port and who has it
};

struct OpenedPlaces {
  std::vector<PlaceSockets> places;
  std::vector<PlaceFailure> failures;  // if there are any, no place is open
};

// Which places are listened at, keyed by address and port, or path. Sockets are opened here, before any worker has
// them, so that a port in use rejects the generation instead of half-serving it; a place that stays is never bound
// again. One thread.
class ListenSet {
 public:
  // DEFAULT_ADDRESS stands for "" in a BindKey: an IP literal.
  ListenSet(int workers, std::string default_address)
      : workers_(workers), default_address_(std::move(default_address)) {}

  // Opens the places of KEYS that are not open, for a generation that is being prepared. If any of them fails, nothing
  // is open that was not before, and every failure is told. What is returned belongs to the caller: give it to the
  // workers' Downstream::Listen and call Keep once the generation is served, or drop it.
  //
  // A wildcard and an address may share a port: the kernel gives a connection to the more specific one.
  OpenedPlaces Open(std::span<const snapshot::BindKey> keys) const;

  // A generation with KEYS is served by all workers. Returns the places that it does not have any more: to be closed on
  // the workers with Downstream::StopListening.
  std::vector<snapshot::BindKey> Keep(std::span<const snapshot::BindKey> keys);

 private:
  StatusOr<io::SocketAddress> AddressOf(const snapshot::BindKey& key) const;
  StatusOr<PlaceSockets> OpenOne(const snapshot::BindKey& key, io::OwnSockets own) const;
  StatusOr<PlaceSockets> OpenUnix(const snapshot::BindKey& key, const io::SocketAddress& address) const;
  const snapshot::BindKey* SamePlace(const snapshot::BindKey& key, std::span<const snapshot::BindKey> keys) const;
  bool SharesPort(const snapshot::BindKey& key, std::span<const snapshot::BindKey> keys) const;

  const int workers_;
  const std::string default_address_;
  std::vector<snapshot::BindKey> open_;  // sorted
};

}  // namespace penstock::downstream
