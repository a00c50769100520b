#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "dataplane/base/cancellation.h"
#include "dataplane/io/net/udp_socket.h"
#include "dataplane/proxy/layer4_session.h"
#include "dataplane/upstream/tunnel/dial_datagrams.h"

namespace penstock::proxy {

// The datagrams of one client and the answers to them: decided once, by the first one, and carried to one endpoint
// until nothing came either way for the idle timeout. Never fails: whatever goes wrong is in the log line. Worker
// thread.
class DatagramFlow {
 public:
  // Where answers go.
  class Client {
   public:
    // How many the kernel took; the others are lost.
    virtual std::size_t SendBack(std::span<const std::string_view> datagrams) = 0;

   protected:
    ~Client() = default;
  };

  // Kept while names are looked up; more are lost.
  static constexpr std::size_t kMostWaiting = 4;

  // Cancelled by LIFE. ROOM is for the datagrams of one turn. All outlive it.
  DatagramFlow(Proxy& proxy, Layer4Client client, Client& back, io::DatagramBatch& room, Cancellation& life)
      : session_(proxy, std::move(client)), proxy_(proxy), back_(back), room_(room), life_(&life) {}
  DatagramFlow(const DatagramFlow&) = delete;

  // From the decision to the log line. Returns when nothing of it runs any more.
  Task<void> Run(Place& place);

  // A datagram of the client: sent on, or kept for a moment, or lost.
  void Take(std::string_view datagram);

 private:
  Task<Reason> Carry();
  Task<Reason> Answer();
  void Forward(std::string_view datagram);

  Layer4Session session_;
  Proxy& proxy_;
  Client& back_;
  io::DatagramBatch& room_;
  Cancellation life_;
  upstream::DialedDatagrams upstream_;
  std::vector<std::string> waiting_;
  TimePoint moved_{};  // when a datagram came last, from either side
  bool answered_ = false;
};

}  // namespace penstock::proxy
