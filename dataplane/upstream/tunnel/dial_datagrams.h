#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "dataplane/exchange/reason.h"
#include "dataplane/io/net/udp_socket.h"
#include "dataplane/upstream/cluster.h"

namespace penstock::upstream {

// A socket that talks to one endpoint of a cluster, or why there is none. Counts as one of the cluster's connections
// while it lives.
struct DialedDatagrams {
  Reason reason = Reason::kNone;
  std::string_view detail;                // of `reason`; often "". Static text
  ViewRef view;                           // keeps the cluster
  Lease place;                            // among its connections
  std::unique_ptr<io::UdpSocket> socket;  // null: none
  EndpointPool* pool = nullptr;           // of the endpoint that was picked
  std::uint64_t endpoints_epoch = 0;

  std::string endpoint() const { return pool != nullptr ? pool->text() : std::string(); }
  // The endpoint has said that nobody is there: others are picked for a while.
  void NoteRefused();
};

// Picks an endpoint by SEED. Nothing is sent, so whether somebody is there shows later.
Task<DialedDatagrams> DialDatagrams(ViewRef view, std::uint64_t seed, Wait wait);

}  // namespace penstock::upstream
