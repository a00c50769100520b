#include "dataplane/downstream/listen_set.h"

#include <algorithm>
#include <iterator>

namespace penstock::downstream {

StatusOr<std::vector<PlaceSockets>> ListenSet::Open(std::span<const snapshot::BindKey> keys) const {
  std::vector<PlaceSockets> opened;
  for (const snapshot::BindKey& key : keys) {
    if (std::binary_search(open_.begin(), open_.end(), key)) continue;
    ASSIGN_OR_RETURN(PlaceSockets place, OpenOne(key));
    opened.push_back(std::move(place));
  }
  return opened;
}

std::vector<snapshot::BindKey> ListenSet::Keep(std::span<const snapshot::BindKey> keys) {
  std::vector<snapshot::BindKey> wanted(keys.begin(), keys.end());
  std::sort(wanted.begin(), wanted.end());
  std::vector<snapshot::BindKey> gone;
  std::set_difference(open_.begin(), open_.end(), wanted.begin(), wanted.end(), std::back_inserter(gone));
  open_ = std::move(wanted);
  return gone;
}

StatusOr<PlaceSockets> ListenSet::OpenOne(const snapshot::BindKey& key) const {
  std::string_view text = key.address.empty() ? std::string_view(default_address_) : key.address;
  ASSIGN_OR_RETURN(IpAddress ip, IpAddress::Parse(text), _ << "listen address");
  PlaceSockets place{key, io::SocketAddress::Ip(ip, key.port), {}, std::make_shared<PlaceLoad>()};
  std::string where = place.address.ToString();
  if (key.port != 0) RETURN_IF_ERROR(io::CheckFree(place.address)) << "cannot listen at " << where;
  for (int worker = 0; worker < workers_; ++worker) {
    ASSIGN_OR_RETURN(io::Fd socket, io::Listen(place.address, {}), _ << "cannot listen at " << where);
    // Port 0 is chosen by the first socket; the others join it.
    ASSIGN_OR_RETURN(place.address, io::BoundAddress(socket));
    place.sockets.push_back(std::move(socket));
  }
  return place;
}

}  // namespace penstock::downstream
