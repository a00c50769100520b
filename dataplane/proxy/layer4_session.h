#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "dataplane/exchange/reason.h"
#include "dataplane/proxy/place.h"
#include "dataplane/proxy/proxy.h"
#include "dataplane/telemetry/stats/cells.h"
#include "dataplane/upstream/cluster.h"

namespace penstock::proxy {

// Whose bytes are carried.
struct Layer4Client {
  std::string_view protocol;  // "tcp", "tls", "udp": static text
  std::string server_name;    // that its handshake asked for, lower case; ""
  std::string listener;       // that its handshake has chosen; "": the one for any name
  std::string peer;           // "192.0.2.1:4711", or whom a PROXY protocol header names
  std::string proxy;          // who sent that header; ""
  WallTime wall;              // when it came
  TimePoint started;
};

// One connection, or the datagrams of one client, carried without being understood: where they go, decided once by the
// generation that is served then, and what is counted and logged of them. Keeps small records, never the generation.
// Worker thread.
class Layer4Session {
 public:
  Layer4Session(Proxy& proxy, Layer4Client client) : proxy_(proxy), client_(std::move(client)) {}
  Layer4Session(const Layer4Session&) = delete;
  ~Layer4Session();

  // Picks listener, route and cluster. kNone, or why it is not carried.
  Reason Decide(Place& place);
  // Instead of Decide(), if that is not reached: no session, but a line in the log, for the listener that the handshake
  // has chosen, else the default one of PLACE.
  void Refuse(Place& place);

  // After Decide() gave kNone: the cluster as the generation says it; once.
  upstream::ViewRef TakeView() { return std::move(view_); }
  // Valid as long as there is a connection or a view of it.
  upstream::Cluster& cluster() const { return *cluster_; }
  std::uint64_t seed() const { return seed_; }
  Duration idle_timeout() const { return idle_timeout_; }

  // How it was connected, or was not.
  struct Connected {
    std::string endpoint;  // of the last try; "": none was tried
    std::uint64_t endpoints_epoch = 0;
    std::uint32_t tries = 0;
    Duration connect{-1};  // negative: it was not
    std::string detail;    // why it was not; often ""
  };
  void Note(Connected connected) { connected_ = std::move(connected); }
  // Bytes that the other side took.
  void CountIn(std::size_t bytes);
  void CountOut(std::size_t bytes);
  void CountDatagramIn() { ++datagrams_in_; }
  void CountDatagramOut() { ++datagrams_out_; }

  // Counts and logs the end, once; kNone: it ended by itself.
  void End(Reason reason, std::string_view detail = {});

 private:
  const snapshot::BindGroup* FindGroup(Place& place);
  void Begin(std::string_view route);
  void Log(Reason reason, std::string_view detail);

  Proxy& proxy_;
  const Layer4Client client_;
  std::uint64_t generation_epoch_ = 0;
  std::uint64_t generation_number_ = 0;
  std::uint64_t seed_ = 0;
  std::string listener_;
  std::string route_;
  int rule_ = -1;
  std::string cluster_name_;
  Duration idle_timeout_{0};
  upstream::ViewRef view_;
  upstream::Cluster* cluster_ = nullptr;
  std::shared_ptr<telemetry::RouteCells> cells_;  // null: it has no listener

  Connected connected_;
  std::uint64_t bytes_in_ = 0;
  std::uint64_t bytes_out_ = 0;
  std::uint64_t datagrams_in_ = 0;
  std::uint64_t datagrams_out_ = 0;
  bool ended_ = false;
};

}  // namespace penstock::proxy
