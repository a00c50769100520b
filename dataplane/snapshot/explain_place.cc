#include "dataplane/snapshot/explain_place.h"

#include <algorithm>
#include <cstdlib>
#include <tuple>

#include "dataplane/base/ip_address.h"
#include "dataplane/base/strings.h"
#include "dataplane/snapshot/admission.h"
#include "dataplane/snapshot/bind_group.h"
#include "dataplane/snapshot/protocol.h"

namespace penstock::snapshot {
namespace {

// Nobody can ask for a Unix socket by a URL, but for the port of one of its listeners.
const BindGroup* FindUnixGroup(const Snapshot& snapshot, uint16_t port) {
  for (const BindKey& key : snapshot.bind_keys()) {
    const BindGroup* group = key.is_unix() ? snapshot.FindBindGroup(key) : nullptr;
    if (group != nullptr && snapshot.DefaultListener(*group)->port == port) return group;
  }
  return nullptr;
}

std::vector<ExplainedPort> PortsOf(const Snapshot& snapshot) {
  std::vector<ExplainedPort> ports;
  for (const BindKey& key : snapshot.bind_keys()) {
    const CompiledListener& listener = *snapshot.DefaultListener(*snapshot.FindBindGroup(key));
    ports.push_back({listener.port, std::string(NameOf(listener.protocol))});
    if (!key.address.empty()) ports.back().speaks += StrCat(" at ", key.address);
  }
  return ports;
}

}  // namespace

const BindGroup* GroupFor(const Snapshot& snapshot, const ExplainRequest& request) {
  bool udp = request.scheme == "udp";
  const BindGroup* group = snapshot.FindBindGroup({request.address, request.port, udp});
  if (group != nullptr || !request.address.empty()) return group;
  for (const BindKey& key : snapshot.bind_keys()) {
    if (key.port == request.port && key.udp == udp) return snapshot.FindBindGroup(key);
  }
  return FindUnixGroup(snapshot, request.port);
}

void ExplainClosedPort(const Snapshot& snapshot, const ExplainRequest& request, Explanation& explanation) {
  bool udp = request.scheme == "udp";
  explanation.action =
      udp ? "nothing listens there, so the datagrams are lost" : "nothing listens there, so the connection is refused";
  explanation.ports = NearestPorts(PortsOf(snapshot), request.port);
}

const CompiledListener* ExplainHandshake(const Snapshot& snapshot, const BindGroup& group,
                                         const ExplainRequest& request, Explanation& explanation) {
  const Shared<CompiledListener>* reached = ListenerForHandshake(snapshot, group, request.server_name);
  std::string name = request.server_name.empty() ? "no server name" : StrCat("server name ", request.server_name);
  if (reached != nullptr) {
    explanation.handshake = StrCat("with ", name, ", reaches ", (*reached)->name);
    return reached->get();
  }
  explanation.handshake = StrCat("with ", name, ", reaches nobody");
  explanation.action = StrCat("no listener has the server name ", request.server_name,
                              ": the handshake is refused with the alert unrecognized_name");
  explanation.reason = NameOf(Reason::kTlsHandshakeFailed);
  explanation.detail = kUnknownServerName;
  return nullptr;
}

std::string_view ServerNameFor(std::string_view host) {
  bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  std::string_view bare = bracketed ? host.substr(1, host.size() - 2) : host;
  return IpAddress::Parse(bare).ok() ? std::string_view() : host;
}

std::vector<ExplainedPort> NearestPorts(std::vector<ExplainedPort> ports, uint16_t port) {
  auto order = [port](const ExplainedPort& a) { return std::tuple(std::abs(a.port - port), a.port, a.speaks); };
  std::sort(ports.begin(), ports.end(),
            [order](const ExplainedPort& a, const ExplainedPort& b) { return order(a) < order(b); });
  ports.erase(std::unique(ports.begin(), ports.end()), ports.end());
  ports.resize(std::min(ports.size(), kMaxPorts));
  return ports;
}

}  // namespace penstock::snapshot
