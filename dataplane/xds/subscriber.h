// The client's side of the protocol between our planes (controlplane/xds/session.h tells it in full), as a state
// machine without a network: messages in, messages and work out.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "dataplane/base/status.h"
#include "dataplane/snapshot/hash.h"
#include "dataplane/snapshot/resource.h"
#include "proto/discovery/discovery.pb.h"

namespace penstock::xds {

inline constexpr char kDeltaMethod[] =
    "/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources";
inline constexpr std::string_view kGenerationName = "generation";
// Of no generation: keys that come beside them (proto/penstock/xds/v1/ticket_keys.proto).
inline constexpr std::string_view kTicketKeysType = "type.googleapis.com/penstock.xds.v1.TicketKeys";
// Of none, either, and not subscribed to: who names the feature in its Node is asked
// (proto/penstock/xds/v1/question.proto).
inline constexpr std::string_view kQuestionType = "type.googleapis.com/penstock.xds.v1.Question";
inline constexpr std::string_view kAnswerType = "type.googleapis.com/penstock.xds.v1.Answer";
inline constexpr std::string_view kQuestionsFeature = "penstock.questions";
inline constexpr size_t kMaxMessageBytes = 64 << 20;

// In the order in which they are subscribed; the Generation comes last and starts the first transaction.
inline constexpr std::string_view kSubscribedTypes[] = {
    snapshot::kClusterType,     snapshot::kEndpointsType, snapshot::kSecretType,    snapshot::kAddressListType,
    snapshot::kPolicyChainType, snapshot::kListenerType,  snapshot::kRouteType,     snapshot::kRevocationType,
    snapshot::kCredentialType,  kTicketKeysType,          snapshot::kGenerationType};

// The request that answers a question of that nonce with the bytes of an Answer.
std::string AnswerTo(const std::string& nonce, const std::string& answer);

// "EPOCH.NUMBER"
std::string ToString(snapshot::GenerationId id);

// One resource that is held, as the server needs to know it after a reconnect.
struct HeldVersion {
  std::string type_url;
  std::string name;
  std::string version;
};

// What the data plane serves when a stream opens. Without versions everything is sent, and replaces what is served.
struct Held {
  snapshot::GenerationId id;
  uint64_t hash = 0;
  std::vector<HeldVersion> versions;
};

// Work for the applier, but for questions. Each is followed by one call of OnDone before the next response is given in.
struct Commit {  // a generation is complete
  snapshot::Delta delta;
  bool from_empty = false;  // DELTA is the whole state, not a change
};
struct EndpointsChange {
  std::vector<snapshot::Resource> upserts;
  std::vector<snapshot::ResourceName> removals;
};
struct TicketKeysChange {
  std::string bytes;  // of a TicketKeys
};
// To be answered by AnswerTo, whenever; OnDone is not called for it, and the next response does not wait.
struct Question {
  std::string nonce;
  std::string bytes;
};
struct NoWork {};
using Work = std::variant<NoWork, Commit, EndpointsChange, TicketKeysChange, Question>;

// One per stream. Not thread-safe.
class Subscriber {
 public:
  static constexpr size_t kMaxStagedBytes = size_t{1} << 30;  // of one transaction
  static constexpr size_t kMaxProblems = 50;                  // in one NACK
  static constexpr size_t kMaxProblemBytes = 2048;            // of each text

  explicit Subscriber(Held held) : held_(std::move(held)), from_empty_(held_.versions.empty()) {}

  // The requests that open the stream.
  std::vector<std::string> Open(const discovery::v3::Node& node) const;

  struct Step {
    std::vector<std::string> replies;  // to send now
    Work work;                         // then this
  };
  // One response. An error ends the stream: the server does not speak our protocol, or sends too much.
  StatusOr<Step> OnResponse(std::string_view bytes);

  // The work of the last step was done (no problems) or refused. Returns the ACK or NACK to send.
  std::string OnDone(const std::vector<snapshot::ResourceProblem>& problems);

  // True once the state here cannot be what the server believes (a hash did not agree): the stream must be opened
  // again, with nothing held.
  bool out_of_step() const { return out_of_step_; }

 private:
  struct Pending {
    std::string type_url;
    std::string nonce;
    std::optional<xds::v1::Generation> generation;
  };

  Step OnTicketKeys(const discovery::v3::DeltaDiscoveryResponse& response);
  Step OnGeneration(const discovery::v3::DeltaDiscoveryResponse& response);
  bool IsEndpointsLane(const discovery::v3::DeltaDiscoveryResponse& response) const;
  Status Stage(const discovery::v3::DeltaDiscoveryResponse& response);
  Step Refuse(std::string_view code, std::string reason);
  Step TakeUnchanged(const xds::v1::Generation& generation);

  Held held_;
  bool from_empty_;
  snapshot::Delta staged_;
  size_t staged_bytes_ = 0;
  std::optional<Pending> pending_;
  bool out_of_step_ = false;
};

}  // namespace penstock::xds
