// The bytes that lead a subscriber from what it holds to one generation: made once, sent to everybody who needs the
// same.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "controlplane/rollout/publication.h"
#include "controlplane/store/store.h"
#include "proto/penstock/xds/v1/question.pb.h"
#include "proto/penstock/xds/v1/ticket_keys.pb.h"

namespace penstock::xds_server {

using rollout::ResourceId;
using rollout::ResourcePtr;
using store::GenerationId;

// The name of the only resource of type Generation.
inline constexpr std::string_view kGenerationName = "generation";

// Of no generation; see session.h.
inline constexpr std::string_view kTicketKeysType = "type.googleapis.com/penstock.xds.v1.TicketKeys";
inline constexpr std::string_view kTicketKeysName = "ticket-keys";

inline constexpr std::string_view kQuestionType = "type.googleapis.com/penstock.xds.v1.Question";
inline constexpr std::string_view kQuestionsFeature = "penstock.questions";  // of a Node that answers them

// Types in the order in which upserts are sent; removals go in reverse. Cluster, Endpoints, Secret, PolicyChain,
// Listener, Route; the Generation follows last.
extern const std::string_view kTypeOrder[9];

// One response is at most this long (unless one resource alone is longer), far below what receivers accept, so that a
// slow one never has to take much at once.
inline constexpr size_t kMaxResponseBytes = 1 << 20;

// One serialised DeltaDiscoveryResponse. The bytes are shared; whoever sends them must not copy.
struct Response {
  std::string nonce;
  std::shared_ptr<const std::string> bytes;
};

// In sending order; the last one is the Generation. Immutable, shared by every subscriber that needs it.
struct Transaction {
  GenerationId id;
  std::vector<Response> responses;
  size_t bytes = 0;
};

// Serialises in sending order. Nonces are "EPOCH.NUMBER:POSITION": they carry nothing of a stream.
std::shared_ptr<const Transaction> Serialize(GenerationId id, const std::vector<ResourcePtr>& upserts,
                                             const std::vector<ResourceId>& removals,
                                             const xds::v1::Generation& generation,
                                             std::string_view control_plane_identifier);

// One response with KEYS, which is no transaction: no Generation follows.
std::shared_ptr<const Transaction> SerializeTicketKeys(const xds::v1::TicketKeys& keys,
                                                       std::string_view control_plane_identifier);

// One response with QUESTION, likewise.
std::shared_ptr<const Transaction> SerializeQuestion(const xds::v1::Question& question, const std::string& nonce,
                                                     std::string_view control_plane_identifier);

// One empty response.
std::shared_ptr<const Transaction> MakeGreeting(std::string_view control_plane_identifier);

}  // namespace penstock::xds_server
