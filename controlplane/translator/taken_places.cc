#include "controlplane/translator/taken_places.h"

#include "controlplane/manifests/text.h"
#include "controlplane/translator/route_kinds.h"
#include "controlplane/translator/values.h"

namespace penstock::translator {
namespace {

using manifests::Cat;

std::pair<uint32_t, bool> SocketOf(const Place& place) { return {place.port, place.transport == Transport::kUdp}; }

bool IsToldByName(Transport transport) { return transport == Transport::kHttp || transport == Transport::kTls; }

}  // namespace

Place PlaceOf(const ListenerOutput& listener) {
  return {listener.port, listener.transport, listener.hostname, listener.protocol};
}

Place PlaceOf(const api::Listener& listener) {
  return {static_cast<uint32_t>(listener.port()), TransportOf(listener.protocol()), Lower(listener.hostname()),
          listener.protocol()};
}

std::string PlaceText(const Place& place) {
  return Cat("port ", place.port, place.hostname.empty() ? " for every host" : " for ", place.hostname);
}

std::optional<TakenPlaces::Clash> TakenPlaces::Find(const Place& place) const {
  auto socket = sockets_.find(SocketOf(place));
  if (socket == sockets_.end()) return std::nullopt;
  for (const auto& [transport, holder] : socket->second.first) {
    if (transport != place.transport || !IsToldByName(transport))
      return Clash{ClashKind::kProtocol, holder.name, holder.protocol};
  }
  auto holder = socket->second.by_host.find(place.hostname);
  if (holder == socket->second.by_host.end()) return std::nullopt;
  return Clash{ClashKind::kHostname, holder->second.name, holder->second.protocol};
}

void TakenPlaces::Take(const Place& place, const std::string& holder) {
  if (place.port == 0 || Find(place).has_value()) return;
  Socket& socket = sockets_[SocketOf(place)];
  socket.first.try_emplace(place.transport, Holder{holder, place.protocol});
  socket.by_host.try_emplace(place.hostname, Holder{holder, place.protocol});
}

}  // namespace penstock::translator
