#pragma once

#include <memory>

#include "absl/container/flat_hash_map.h"
#include "dataplane/downstream/downstream.h"
#include "dataplane/io/net/udp_socket.h"
#include "dataplane/proxy/datagram_flow.h"

namespace penstock::downstream {

// A place of UDP on one worker: the datagrams of a client, known by its address and port and by which of our addresses
// it sends to, are one flow. Each counts as a connection. One that is over a limit has no flow: its datagrams are lost.
class UdpPlace : public std::enable_shared_from_this<UdpPlace> {
 public:
  UdpPlace(Downstream& downstream, const snapshot::BindKey& key, std::unique_ptr<io::UdpSocket> socket,
           std::shared_ptr<PlaceLoad> load);
  UdpPlace(const UdpPlace&) = delete;
  ~UdpPlace();

  const snapshot::BindKey& key() const { return place_.key(); }

  // Receives until Stop(), which closes the socket and ends all flows: what they would answer could not leave any more.
  static Task<void> Run(std::shared_ptr<UdpPlace> self);
  void Stop();

 private:
  class Flow;

  // Batches that are received before others get a turn.
  static constexpr int kTurn = 4;

  struct Ends {
    io::SocketAddress client;
    IpAddress ours;  // 0.0.0.0 if the socket is bound to one
    bool operator==(const Ends&) const = default;
    template <typename H>
    friend H AbslHashValue(H h, const Ends& ends) {
      return H::combine(std::move(h), ends.client, ends.ours);
    }
  };

  Flow* FlowOf(const Ends& ends);
  static Task<void> Serve(std::shared_ptr<UdpPlace> self, Flow& flow);

  Downstream& downstream_;
  proxy::Place place_;
  const std::shared_ptr<PlaceLoad> load_;
  const std::unique_ptr<io::UdpSocket> socket_;
  Cancellation life_;
  absl::flat_hash_map<Ends, std::unique_ptr<Flow>> flows_;
};

}  // namespace penstock::downstream
