// The bytes that lead a subscriber from what it holds to one generation: made once, sent to everybody who needs the
// same.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "controlplane/rollout/publication.h"
#include "controlplane/store/store.h"

namespace penstock::xds_server {

inline constexpr std::string_view kGenerationTypeUrl = "type.googleapis.com/penstock.xds.v1.Generation";
inline constexpr std::string_view kGenerationName = "generation";

// Types in the order in which upserts are sent; removals go in reverse. A resource of another type is never published.
inline constexpr std::string_view kTypeUrls[] = {
    "type.googleapis.com/penstock.xds.v1.Cluster",  "type.googleapis.com/penstock.xds.v1.Endpoints",
    "type.googleapis.com/penstock.xds.v1.Secret",   "type.googleapis.com/penstock.xds.v1.PolicyChain",
    "type.googleapis.com/penstock.xds.v1.Listener", "type.googleapis.com/penstock.xds.v1.Route",
};

// One response is at most this long, so that a slow receiver's flow-control window is never asked for more at once.
inline constexpr size_t kMaxResponseBytes = 1 << 20;

// What a subscriber holds: the resources of a generation of this control plane, or (a stream that just opened) versions
// by type and name.
using HeldVersions = std::map<rollout::ResourceId, std::string>;
using Base = std::variant<HeldVersions, store::GenerationId>;

// One serialised DeltaDiscoveryResponse. The bytes are shared; whoever sends them must not copy.
struct Response {
  std::string nonce;
  std::shared_ptr<const std::string> bytes;
};

// In sending order; the last one is the Generation.
struct Transaction {
  store::GenerationId id;
  std::vector<Response> responses;
  size_t bytes = 0;
};

// What one transaction is made of, before it is bytes.
struct TransactionContent {
  store::GenerationId id;
  std::vector<std::shared_ptr<const rollout::Resource>> upserts;  // any order
  std::vector<rollout::ResourceId> removals;
  std::shared_ptr<const rollout::Resource> generation;
};

// Serialises in sending order, deterministically: the same content gives the same bytes in every process of one build.
Transaction Serialize(const TransactionContent& content, std::string_view control_plane_identifier);

}  // namespace penstock::xds_server
