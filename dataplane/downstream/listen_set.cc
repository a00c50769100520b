#include "dataplane/downstream/listen_set.h"

#include <algorithm>
#include <iterator>

#include "dataplane/io/net/udp_socket.h"

namespace penstock::downstream {

using snapshot::BindKey;

OpenedPlaces ListenSet::Open(std::span<const BindKey> keys) const {
  OpenedPlaces opened;
  for (const BindKey& key : keys) {
    if (const BindKey* same = SamePlace(key, keys)) {
      opened.failures.push_back({key, *same, absl::AlreadyExistsError("two listeners have the same address and port")});
      continue;
    }
    if (std::binary_search(open_.begin(), open_.end(), key)) continue;
    bool shares = SharesPort(key, keys) || SharesPort(key, open_);
    StatusOr<PlaceSockets> place = OpenOne(key, shares ? io::OwnSockets::kIgnored : io::OwnSockets::kCounted);
    if (place.ok()) {
      opened.places.push_back(*std::move(place));
    } else {
      opened.failures.push_back({key, std::nullopt, place.status()});
    }
  }
  if (!opened.failures.empty()) opened.places.clear();
  return opened;
}

// A key before KEY that names the same address: "" and the default address spelt out.
const BindKey* ListenSet::SamePlace(const BindKey& key, std::span<const BindKey> keys) const {
  StatusOr<io::SocketAddress> address = AddressOf(key);
  if (!address.ok() || key.port == 0) return nullptr;
  for (const BindKey& other : keys) {
    if (other == key) return nullptr;
    StatusOr<io::SocketAddress> there = AddressOf(other);
    if (other.udp == key.udp && there.ok() && *there == *address) return &other;
  }
  return nullptr;
}

bool ListenSet::SharesPort(const BindKey& key, std::span<const BindKey> keys) const {
  return std::any_of(keys.begin(), keys.end(), [&](const BindKey& other) {
    return other != key && other.port == key.port && other.udp == key.udp;
  });
}

std::vector<snapshot::BindKey> ListenSet::Keep(std::span<const snapshot::BindKey> keys) {
  std::vector<snapshot::BindKey> wanted(keys.begin(), keys.end());
  std::sort(wanted.begin(), wanted.end());
  std::vector<snapshot::BindKey> gone;
  std::set_difference(open_.begin(), open_.end(), wanted.begin(), wanted.end(), std::back_inserter(gone));
  open_ = std::move(wanted);
  return gone;
}

StatusOr<io::SocketAddress> ListenSet::AddressOf(const BindKey& key) const {
  if (key.is_unix()) return io::SocketAddress::Parse(key.address);
  std::string_view text = key.address.empty() ? std::string_view(default_address_) : key.address;
  ASSIGN_OR_RETURN(IpAddress ip, IpAddress::Parse(text), _ << "listen address");
  return io::SocketAddress::Ip(ip, key.port);
}

StatusOr<PlaceSockets> ListenSet::OpenOne(const BindKey& key, io::OwnSockets own) const {
  ASSIGN_OR_RETURN(io::SocketAddress address, AddressOf(key));
  if (key.is_unix()) return OpenUnix(key, address);
  PlaceSockets place{key, address, {}, std::make_shared<PlaceLoad>(), nullptr};
  std::string where = place.address.ToString();
  if (key.port != 0) {
    Status free = key.udp ? io::CheckUdpFree(place.address, own) : io::CheckFree(place.address, own);
    RETURN_IF_ERROR(free) << "cannot listen at " << where;
  }
  for (int worker = 0; worker < workers_; ++worker) {
    StatusOr<io::Fd> listening = key.udp ? io::ListenUdp(place.address) : io::Listen(place.address, {});
    ASSIGN_OR_RETURN(io::Fd socket, std::move(listening), _ << "cannot listen at " << where);
    // Port 0 is chosen by the first socket; the others join it.
    ASSIGN_OR_RETURN(place.address, io::BoundAddress(socket));
    place.sockets.push_back(std::move(socket));
  }
  return place;
}

StatusOr<PlaceSockets> ListenSet::OpenUnix(const BindKey& key, const io::SocketAddress& address) const {
  PlaceSockets place{key, address, {}, std::make_shared<PlaceLoad>(), nullptr};
  ASSIGN_OR_RETURN(io::UnixListening listening, io::ListenUnix(key.unix_path(), {}),
                   _ << "cannot listen at " << key.address);
  place.file = std::move(listening.file);
  for (int worker = 1; worker < workers_; ++worker) {
    ASSIGN_OR_RETURN(io::Fd copy, io::Duplicate(listening.socket), _ << "cannot listen at " << key.address);
    place.sockets.push_back(std::move(copy));
  }
  place.sockets.push_back(std::move(listening.socket));
  return place;
}

}  // namespace penstock::downstream
