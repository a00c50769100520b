#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "dataplane/base/clock.h"
#include "dataplane/base/ip_address.h"
#include "dataplane/base/status.h"
#include "dataplane/http/headers.h"
#include "dataplane/policies/judgement.h"
#include "dataplane/snapshot/snapshot.h"

namespace penstock::snapshot {

// A request to explain, as a client would send it over HTTP/1.1, with "https" over TLS; or, with scheme "tls", "tcp" or
// "udp", a connection alone (of UDP, the datagrams of a client).
struct ExplainRequest {
  std::string address;  // of the bind group; "" = the default address, else the first that has PORT, else a Unix socket
                        // whose least specific listener has it
  uint16_t port = 80;
  std::string scheme = "http";  // "http", "https", "tls", "tcp", "udp"
  std::string server_name;      // of the handshake; of "https" and "tls"; "" none is sent
  std::string method = "GET";
  std::string target = "/";                                 // of the request line
  std::vector<std::pair<std::string, std::string>> fields;  // Host among them
  uint64_t seed = 0;                                 // the Exchange's: decides the random picks as live traffic does
  IpAddress client = IpAddress::V4({192, 0, 2, 1});  // who asks; of documentation (RFC 5737) if nobody says
  // Of "https": who the certificate is for that the client shows (tls::IdentityOf); "" it shows none. Nobody is asked
  // whether it holds.
  std::string client_certificate = {};
  WallTime now{};  // for what depends on the time of day: tokens, hours
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
  std::string place;   // where that was written: "shop.yaml:42"; "" nobody knows here
  std::string does;    // "cross-origin requests from *"
  // What it does with this request: "pass", "deny", or "unknown" where that depends on what is not known here; "" it is
  // not asked, since one before it denies.
  std::string verdict;
  std::string why;  // "iss ok, exp in 42m"
};

struct ExplainedBackend {
  std::string cluster;  // "" unresolved
  uint32_t weight = 0;
  double share = 0;  // 0..1
  size_t endpoints = 0;
  bool picked = false;  // by the seed
  std::string problem;  // why its share is answered with 500 or 503; "" if it is not
};

// A place where something listens.
struct ExplainedPort {
  uint16_t port = 0;
  std::string speaks;  // "HTTP", "TCP at unix:/run/db.sock"
  auto operator<=>(const ExplainedPort&) const = default;
};

// What happens to one request, and why: the same decisions as live traffic, by the same code.
struct Explanation {
  // kAnswered: before any route, by the data plane itself.
  enum class Outcome { kRouted, kNoListener, kNoRoute, kAnswered };
  Outcome outcome = Outcome::kNoListener;
  GenerationId generation;
  std::string replica;       // the data plane that says so of what it serves now; "": somebody without traffic does
  int status = 0;            // of an answer that the data plane makes itself for sure; 0: none
  int grpc_status = 0;       // of that answer, whose caller speaks gRPC; 0: none
  std::string grpc_name;     // "UNIMPLEMENTED", of grpc_status
  bool speaks_grpc = false;  // the caller
  std::string reason;        // its name in the access log
  std::string detail;        // what exactly was wrong
  std::string listener;      // "" if kNoListener
  uint16_t port = 0;
  std::string socket;                     // "unix:/path" if it listens there, not at the port
  std::string listener_hostname;          // "" any
  std::vector<std::string> client;        // "timeouts: first byte 10s, ...": what the listener asks of its clients
  std::string handshake;                  // which listener it reaches, by which server name; "" in cleartext
  std::string tls;                        // how its handshakes are answered; "" in cleartext
  std::string route, rule, match;         // set if kRouted; match = "PathPrefix /products (9 chars) + method GET"
  std::vector<ExplainedMiss> misses;      // the nearest ones, at most kMaxMisses
  std::vector<ExplainedPolicy> policies;  // in the order in which they run
  std::vector<std::string> filters;       // "set request header x-env: prod", in order
  // "forward", "redirect to https://...:443/... (301)", "reply 200"; of a connection, what becomes of it
  std::string action;
  std::vector<ExplainedBackend> backends;
  std::string endpoint;               // "10.0.0.21:8082 (one of 2 by weighted round robin)", "" if none
  std::string endpoint_tls;           // how handshakes with it are made; "" in cleartext
  std::vector<std::string> timeouts;  // "request 2s", in the order in which they count; of a forward
  std::string retries;                // "2 more tries on 503, ..."; of a forward
  bool port_open = false;             // something listens at the port, whatever it speaks
  std::vector<ExplainedPort> ports;   // if not: the nearest ones where something does

  std::vector<std::string> unserved;  // listeners of the port that are wanted and not in the snapshot, and why

  // The data plane answers this request itself, with an error.
  bool refused() const { return status >= 400 || grpc_status != 0; }
  bool denied = false;  // by a policy: the action is not reached
};

// By Explanation::Outcome, as its JSON says it.
inline constexpr std::string_view kOutcomeNames[] = {"routed", "no_listener", "no_route", "answered"};

inline constexpr size_t kMaxMisses = 10;
inline constexpr size_t kMaxPorts = 5;

// What is known of the world beyond the snapshot, for one policy after the other.
class FactSource {
 public:
  virtual ~FactSource() = default;
  // Of X, as the policies before the one at INDEX of CHAIN left it. Until the next call, at most as long as X.
  virtual const policies::Facts& About(Exchange& x, std::string_view chain, size_t index) = 0;
};

// Pure but for FACTS. Looks at every match of the listener to find the nearest misses: not for the request path.
Explanation Explain(const Snapshot& snapshot, const ExplainRequest& request, FactSource& facts);
// The same if nothing else is known.
Explanation Explain(const Snapshot& snapshot, const ExplainRequest& request);

// What clients send as a server name to reach HOST, which is canonical: no address (RFC 6066 3).
std::string_view ServerNameFor(std::string_view host);

// The kMaxPorts of PORTS that are nearest to PORT, nearest first.
std::vector<ExplainedPort> NearestPorts(std::vector<ExplainedPort> ports, uint16_t port);

// Settings in effect, a group of them each: for Explanation::client.
std::vector<std::string> ExplainClient(const ClientSettings& settings);
std::string DurationText(nanoseconds duration);  // "1500ms", "15s"

std::string ExplanationText(const Explanation& explanation);  // for people, as in the guide to the CLI
std::string ExplanationJson(const Explanation& explanation);  // one object, keys as the fields above
// What ExplanationJson wrote, in this build or another one: fields that are not there stay as they are in a new
// Explanation.
StatusOr<Explanation> ReadExplanation(const std::string& json);

}  // namespace penstock::snapshot
