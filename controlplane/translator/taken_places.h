// Who has which port and host of a Gateway's data planes.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "api/manifests/v1/gateway.pb.h"
#include "controlplane/translator/state.h"

namespace penstock::translator {

// Where connections of a listener arrive, and how they are told from those of others.
struct Place {
  uint32_t port;
  Transport transport;
  std::string hostname;
  std::string protocol;
};
Place PlaceOf(const ListenerOutput& listener);
Place PlaceOf(const api::Listener& listener);
// "port 443 for every host"
std::string PlaceText(const Place& place);

enum class ClashKind { kHostname, kProtocol };

class TakenPlaces {
 public:
  // Whoever is in the way of a place.
  struct Clash {
    ClashKind kind;
    std::string holder;    // as `Take` was told
    std::string protocol;  // the holder's
  };
  std::optional<Clash> Find(const Place& place) const;

  // From now on HOLDER has the place, unless it clashes with what is there.
  void Take(const Place& place, const std::string& holder);

 private:
  struct Holder {
    std::string name;
    std::string protocol;
  };
  // TCP and UDP ports do not disturb each other.
  struct Socket {
    std::map<Transport, Holder> first;
    std::map<std::string, Holder> by_host;
  };
  std::map<std::pair<uint32_t, bool>, Socket> sockets_;
};

}  // namespace penstock::translator
