// One Delta ADS stream, as a state machine without a network.
//
// The protocol between our two planes, on top of the Delta xDS transport:
//  1. The client opens the stream with one request per type, in the order Cluster, Endpoints, Secret, PolicyChain,
//  Listener,
//     Route, Generation: resource_names_subscribe "*" (or nothing) and the versions that it holds in
//     initial_resource_versions. The first request carries the Node: id, locality.zone, and in its metadata the strings
//     "group", "gateway_class", "build", "generation" ("EPOCH.NUMBER" of what it serves already, from memory or disk),
//     the struct "labels" and the list of strings "weakened". The Generation request comes last and starts the first
//     transaction.
//  2. A transaction is the responses that lead from what the client holds to one generation: upserts in the order
//  above, then
//     removals (responses of their own, reverse order), then one response with the resource "generation". Types without
//     a change are left out; a client that holds everything gets the Generation alone. A response is at most
//     kMaxResponseBytes, unless one resource alone is larger.
//  3. The client stages everything, ACKs each response as soon as it is staged, and ACKs the Generation when every
//  worker
//     serves it. A NACK, of whichever response of the transaction, refuses all of it: the client goes on with what it
//     had, and the next transaction starts from there. error_detail.details hold one ResourceProblem each.
//  4. One transaction at a time: the next starts after the ACK or NACK of the Generation, and merges all that happened
//     meanwhile, so a slow replica costs one merged delta and not a queue.
//     Who subscribes while there is nothing to send is greeted with an empty response, which means nothing.
//  5. Session ticket keys belong to no generation. A client that subscribes to type TicketKeys before the Generation
//  gets
//     them in a response of their own at once, and again whenever they change, whatever transaction is outstanding. It
//     answers, and nothing waits for the answer: keys that it cannot use leave it with those that it has.
//  6. Questions of operators (proto/penstock/xds/v1/question.proto) come likewise, one at a time, to a client that has
//     the feature "penstock.questions" in its Node. It answers each in a request with the question's nonce and
//     `answer` set.
//  7. Nonces of transactions are "EPOCH.NUMBER:POSITION" and carry nothing of the stream: the same bytes go to every
//     subscriber of a group.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "controlplane/rollout/fleet.h"
#include "controlplane/rollout/publication.h"
#include "controlplane/xds/group_log.h"
#include "proto/discovery/discovery.pb.h"
#include "proto/penstock/xds/v1/question.pb.h"

namespace penstock::xds_server {

// What a request meant, for the rollout.
struct Subscribed {  // the first transaction may start
  rollout::Replica replica;
  rollout::GroupSelector group;
};
struct Acked {  // everything but the Generation is acknowledged
  GenerationId id;
};
struct Served {
  GenerationId id;
};
struct Refused {
  GenerationId id;
  std::vector<std::string> problems;  // "Route shop/users: rules[0].matches[0].path.regex: missing )"
};
struct WantsTicketKeys {};  // once
struct Answered {
  std::string nonce;  // of the question
  xds::v1::Answer answer;
};
using SessionEvent = std::variant<Subscribed, Acked, Served, Refused, WantsTicketKeys, Answered>;

// Not thread-safe; the stream that owns it serialises.
class Session {
 public:
  static constexpr size_t kMaxProblems = 50;          // of one NACK; more are counted, not kept
  static constexpr size_t kMaxProblemBytes = 2048;    // of one problem's text
  static constexpr size_t kMaxNodeBytes = 64 << 10;   // Node in all
  static constexpr size_t kMaxAnswerBytes = 2 << 20;  // of one question
  static constexpr size_t kMaxHeldResources = 2'000'000;

  // `allowed_id`: the replica id that the peer's certificate grants; "" any.
  explicit Session(std::string allowed_id) : allowed_id_(std::move(allowed_id)) {}

  // Takes one request. An error ends the stream with that status: kPermissionDenied for a Node.id that the certificate
  // does not grant, kInvalidArgument for what no client of ours sends.
  absl::Status OnRequest(const discovery::v3::DeltaDiscoveryRequest& request, std::vector<SessionEvent>& events);

  // The client asked for generations and none is outstanding: a transaction may start.
  bool Ready() const { return subscribed_ && !outstanding_.has_value(); }

  // The client answers questions.
  bool answers() const { return answers_; }

  // What the client holds, which the next transaction starts from.
  const Base& base() const { return base_; }
  // The generation that the client took last on this stream; {0, 0}: none yet, so that even a client that holds
  // everything is sent the Generation, to confirm it.
  GenerationId at() const { return at_; }
  // The last one that it refused; there is no use in sending it again.
  GenerationId refused() const { return refused_; }

  // `transaction` is on its way. REQUIRES: Ready().
  void Begin(const Transaction& transaction);

 private:
  struct Outstanding {
    GenerationId id;
    std::vector<std::string> unacked;  // nonces before the Generation's
    std::string generation_nonce;
  };

  absl::Status TakeNode(const discovery::v3::Node& node);
  absl::Status TakeSubscription(const discovery::v3::DeltaDiscoveryRequest& request, std::vector<SessionEvent>& events);
  static absl::Status TakeAnswer(const discovery::v3::DeltaDiscoveryRequest& request,
                                 std::vector<SessionEvent>& events);
  void TakeAck(const std::string& nonce, std::vector<SessionEvent>& events);
  void TakeNack(const discovery::v3::DeltaDiscoveryRequest& request, std::vector<SessionEvent>& events);
  bool IsOutstanding(const std::string& nonce) const;

  const std::string allowed_id_;
  std::optional<Subscribed> who_;
  bool subscribed_ = false;
  bool wants_ticket_keys_ = false;
  bool answers_ = false;
  Base base_;
  GenerationId at_;
  GenerationId refused_;
  std::optional<Outstanding> outstanding_;
};

}  // namespace penstock::xds_server
