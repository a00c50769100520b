#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "dataplane/http/headers.h"
#include "dataplane/snapshot/snapshot.h"

namespace penstock::snapshot {

// A request to explain. HOST and PATH are canonical (dataplane/http/uri.h).
struct ExplainRequest {
  std::string address;  // of the bind group; "" = the default address, and if there is none, the first that has PORT
  uint16_t port = 80;
  std::string method = "GET";
  std::string host;
  std::string path = "/";
  std::string query;  // without "?"
  const http::Headers* headers = nullptr;
  uint64_t seed = 0;  // the Exchange's: decides the random picks as live traffic does
};

// A match that lost, and why.
struct ExplainedMiss {
  std::string route;
  std::string rule;  // its name, or "rules[2]"
  std::string
      reason;  // "path /products is not under /users", "header x-env is \"dev\", not \"prod\"", "goes after: ..."
};

struct ExplainedPolicy {
  std::string type;    // "cors"
  std::string name;    // of its chain
  std::string origin;  // the manifest: "ClientPolicy default/edge"
  std::string does;    // "cross-origin requests from *"
};

struct ExplainedBackend {
  std::string cluster;  // "" unresolved
  uint32_t weight = 0;
  double share = 0;  // 0..1
  size_t endpoints = 0;
  bool picked = false;  // by the seed
  std::string problem;  // why its share is answered with 500 or 503; "" if it is not
};

// What happens to one request, and why: the same decisions as live traffic, by the same code.
struct Explanation {
  enum class Outcome { kRouted, kNoListener, kNoRoute };
  Outcome outcome = Outcome::kNoListener;
  GenerationId generation;
  std::string listener;  // "" if kNoListener
  uint16_t port = 0;
  std::string listener_hostname;          // "" any
  std::string route, rule, match;         // set if kRouted; match = "PathPrefix /products (9 chars) + method GET"
  std::vector<ExplainedMiss> misses;      // the nearest ones, at most kMaxMisses
  std::vector<ExplainedPolicy> policies;  // in the order in which they run
  std::vector<std::string> filters;       // "set request header x-env: prod", in order
  std::string action;                     // "forward", "redirect to https://...:443/... (301)", "reply 200"
  std::vector<ExplainedBackend> backends;
  std::string endpoint;  // "10.0.0.21:8082 (one of 2 by weighted round robin)", "" if none
};

inline constexpr size_t kMaxMisses = 10;

// Pure. Looks at every match of the listener to find the nearest misses: not for the request path.
Explanation Explain(const Snapshot& snapshot, const ExplainRequest& request);

std::string ExplanationText(const Explanation& explanation);  // for people, as in the guide to the CLI
std::string ExplanationJson(const Explanation& explanation);  // one object, keys as the fields above

}  // namespace penstock::snapshot
