#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "dataplane/policies/cors/cors_config.h"
#include "dataplane/policies/headers/header_ops.h"
#include "dataplane/router/match.h"
#include "dataplane/snapshot/settings.h"

namespace penstock::snapshot {

struct KeepPath {};
struct ReplaceFullPath {
  std::string path;
};
struct ReplacePrefix {
  std::string prefix;  // instead of the matched prefix
};
using PathRewrite = std::variant<KeepPath, ReplaceFullPath, ReplacePrefix>;

struct UrlRewrite {
  std::string hostname;  // "" unchanged
  PathRewrite path;
};

// NUMERATOR of DENOMINATOR requests are copied to CLUSTER; see Mirrored.
struct Mirror {
  std::string cluster;  // "" could not be resolved: nothing is mirrored
  uint32_t numerator = 1;
  uint32_t denominator = 1;  // > 0
};

// The filters of a rule or of one of its backends, merged: operations of one kind in the order of the configuration.
struct Filters {
  policies::HeaderOps request_headers;   // on the request that goes upstream
  policies::HeaderOps response_headers;  // on the response to the client
  std::optional<UrlRewrite> rewrite;
  std::vector<Mirror> mirrors;
  std::shared_ptr<const policies::CorsConfig> cors;  // null: none

  bool empty() const {
    return request_headers.empty() && response_headers.empty() && !rewrite && mirrors.empty() && cors == nullptr;
  }
};

struct WeightedCluster {
  std::string cluster;  // "" unresolved or forbidden: this share is answered with 500
  uint32_t weight = 1;  // 0: never
  Filters filters;      // run after the rule's
  std::string problem;  // why cluster is ""
};

struct Retry {
  uint32_t attempts = 0;           // tries after the first
  std::vector<uint32_t> statuses;  // upstream statuses that are tried again, for idempotent requests only; sorted
  nanoseconds per_try{0};          // 0 = no bound of its own
  uint32_t budget_percent = kDefaultRetryBudgetPercent;
  nanoseconds backoff = kDefaultRetryBackoff;
};

struct Forward {
  std::vector<WeightedCluster> clusters;  // none, or only zero weights: 500
  uint64_t total_weight = 0;
  nanoseconds request_timeout = kDefaultRequestTimeout;  // whole request until the head of the response; 0 = none
  nanoseconds backend_timeout = kDefaultRequestTimeout;  // one attempt; 0 = none
  std::optional<Retry> retry;                            // unset: only the safe retry
  std::vector<std::string> upgrades;                     // protocols that a request may switch to, lower case
};

struct Redirect {
  std::string scheme;    // "" as the request's
  std::string hostname;  // "" as the request's
  PathRewrite path;
  uint16_t port = 0;  // 0: by the Gateway API's rule (none for the scheme's well-known port, else the listener's)
  uint16_t status = 302;
};

struct StaticReply {
  uint16_t status = 200;
  std::string body;
  std::string content_type = "text/plain; charset=utf-8";
};

// The bytes of a connection, or the datagrams of a client, to one of the clusters.
struct Tunnel {
  std::vector<WeightedCluster> clusters;  // none, or only zero weights: reset
  uint64_t total_weight = 0;
  std::optional<nanoseconds> idle_timeout;  // unset: the listener's
};

using Action = std::variant<Forward, Redirect, StaticReply, Tunnel>;

struct CompiledRule {
  std::string name;                    // "" if the manifest gave none
  std::vector<router::Match> matches;  // at least one
  Filters filters;
  Action action;
  std::string policy_chain;  // instead of the listener's; "" that one; else FindPolicyChain() finds it
  // Listeners where it is another one; sorted by listener.
  std::vector<std::pair<std::string, std::string>> listener_chains;

  // The chain for requests of LISTENER; "": the listener's own.
  std::string_view ChainFor(std::string_view listener) const {
    return listener_chains.empty() ? std::string_view(policy_chain) : ListenerChainFor(listener);
  }

 private:
  std::string_view ListenerChainFor(std::string_view listener) const;
};

struct CompiledAttachment {
  std::string listener;
  std::vector<std::string> hostnames;  // at least one; "" = every host of the listener
};

// One HTTPRoute: valid by existing, immutable, shared between snapshots and by who serves a request or a tunnel with
// it.
struct CompiledRoute : router::RouteKey {
  std::vector<CompiledAttachment> attachments;
  std::vector<CompiledRule> rules;

  static const CompiledRoute& Of(const router::Match& match) { return static_cast<const CompiledRoute&>(*match.route); }
};

// The cluster that SEED picks, by weight: a pure function, so that a replay with the logged seed picks alike. nullptr
// if no cluster has a weight. The picked one may have no cluster name: answer 500.
const WeightedCluster* PickCluster(const std::vector<WeightedCluster>& clusters, uint64_t total_weight, uint64_t seed);
inline const WeightedCluster* PickCluster(const Forward& forward, uint64_t seed) {
  return PickCluster(forward.clusters, forward.total_weight, seed);
}

// Does SEED send a copy to MIRROR?
bool Mirrored(const Mirror& mirror, size_t mirror_index, uint64_t seed);

// "rule "catalog"" or "rules[2]".
std::string RuleLabel(const CompiledRoute& route, size_t rule);

}  // namespace penstock::snapshot
