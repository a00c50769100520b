#include "controlplane/translator/explain.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "controlplane/translator/key_facts.h"
#include "controlplane/translator/why.h"
#include "dataplane/base/arena.h"
#include "dataplane/base/status.h"
#include "dataplane/base/strings.h"
#include "dataplane/http/headers.h"
#include "dataplane/http/uri.h"

namespace penstock::translator {
namespace {

constexpr size_t kMaxUrlBytes = 8192;
constexpr size_t kMaxHeaders = 100;
constexpr size_t kMaxHeaderBytes = 60 << 10;

using snapshot::Explanation;

absl::StatusOr<std::string_view> SchemeOf(std::string_view url) {
  for (std::string_view scheme : {"http", "https", "tls", "tcp", "udp"}) {
    if (url.starts_with(StrCat(scheme, "://"))) return scheme;
  }
  return absl::InvalidArgumentError(
      StrCat("\"", url.substr(0, 200), "\" is not a URL like http://shop.example/products or tcp://shop.example:5432"));
}

// The parts of "http://shop.example:8080/products?page=2#x": what decides about the connection, and what is sent over
// it.
struct Url {
  std::string_view scheme;
  std::string_view authority;
  std::string target;  // origin form, or "*"
};

absl::StatusOr<Url> Split(std::string_view url) {
  Url parts;
  ASSIGN_OR_RETURN(parts.scheme, SchemeOf(url));
  std::string_view rest = url.substr(parts.scheme.size() + 3);
  rest = rest.substr(0, rest.find('#'));  // clients keep the fragment to themselves
  size_t end = std::min(rest.find_first_of("/?*"), rest.size());
  parts.authority = rest.substr(0, end);
  std::string_view target = rest.substr(end);
  parts.target = target.starts_with('/') || target == "*" ? std::string(target) : StrCat("/", target);
  return parts;
}

// Host and port of the authority, the scheme's port if none is written.
absl::Status ReadAuthority(const Url& url, snapshot::ExplainRequest& question) {
  Arena arena;
  http::Authority authority;
  if (http::CanonicalAuthority(url.authority, arena, authority) != http::TargetResult::kOk) {
    return absl::InvalidArgumentError(StrCat("\"", url.authority.substr(0, 200), "\" is not HOST or HOST:PORT"));
  }
  question.server_name = std::string(snapshot::ServerNameFor(authority.host));
  question.port = authority.port;
  if (authority.port != 0) return absl::OkStatus();
  if (!url.scheme.starts_with("http")) {
    return absl::InvalidArgumentError(StrCat("the port is missing: write ", url.scheme, "://", url.authority, ":PORT"));
  }
  question.port = url.scheme == "https" ? 443 : 80;
  return absl::OkStatus();
}

absl::Status TakeFields(const management::v1::ExplainRequest& request, snapshot::ExplainRequest& question) {
  size_t bytes = 0;
  if (request.headers_size() > static_cast<int>(kMaxHeaders)) {
    return absl::InvalidArgumentError(StrCat("more than ", kMaxHeaders, " headers"));
  }
  for (const management::v1::Header& header : request.headers()) {
    bytes += header.name().size() + header.value().size();
    if (header.name().empty() || bytes > kMaxHeaderBytes) {
      return absl::InvalidArgumentError("a header without a name, or more than 60 KiB of headers");
    }
    question.fields.emplace_back(header.name(), header.value());
  }
  return absl::OkStatus();
}

bool HasHost(const snapshot::ExplainRequest& question) {
  return std::any_of(question.fields.begin(), question.fields.end(),
                     [](const auto& field) { return http::EqualsLower(field.first, "host"); });
}

// How much a group knows of the request: a route, a listener, at least a port.
int Knows(const Explanation& explanation) {
  if (explanation.outcome == Explanation::Outcome::kRouted) return 3;
  if (explanation.outcome != Explanation::Outcome::kNoListener) return 2;
  return explanation.port_open ? 1 : 0;
}

}  // namespace

absl::StatusOr<snapshot::ExplainRequest> QuestionOf(const management::v1::ExplainRequest& request) {
  if (request.url().size() > kMaxUrlBytes) return absl::InvalidArgumentError("the URL is longer than 8 KiB");
  ASSIGN_OR_RETURN(const Url url, Split(request.url()));
  snapshot::ExplainRequest question;
  RETURN_IF_ERROR(ReadAuthority(url, question));
  question.scheme = url.scheme;
  question.method = request.method().empty() ? "GET" : request.method();
  question.target = url.target;
  question.seed = request.seed();
  question.now = std::chrono::system_clock::now();
  if (!request.client().empty()) {
    ASSIGN_OR_RETURN(question.client, IpAddress::Parse(request.client()), _ << "the client's address");
  }
  if (!request.client_certificate().empty() && url.scheme != "https")
    return absl::InvalidArgumentError("a client shows a certificate over https:// only");
  question.client_certificate = request.client_certificate();
  RETURN_IF_ERROR(TakeFields(request, question));
  if (!HasHost(question)) question.fields.emplace_back("host", url.authority);
  return question;
}

// The best answer of all groups. If none of them listens at the port, the nearest ports of all.
Explanation ExplainByAny(std::span<const snapshot::Snapshot* const> snapshots,
                         const snapshot::ExplainRequest& request) {
  std::optional<Explanation> best;
  std::vector<snapshot::ExplainedPort> ports;
  KeyFacts facts;
  for (const snapshot::Snapshot* snapshot : snapshots) {
    Explanation explanation = snapshot::Explain(*snapshot, request, facts);
    ports.insert(ports.end(), explanation.ports.begin(), explanation.ports.end());
    if (!best.has_value() || Knows(explanation) > Knows(*best)) best = std::move(explanation);
  }
  if (!best.has_value()) {
    best.emplace();
    best->port = request.port;
    best->action = "no Gateway is served";
  }
  if (!best->port_open) best->ports = snapshot::NearestPorts(std::move(ports), request.port);
  return *std::move(best);
}

void AddReasons(const StatePtr& state, Explanation& explanation) {
  for (snapshot::ExplainedPolicy& policy : explanation.policies) {
    policy.place = WhereWritten(state, policy.type, policy.origin);
  }
  for (snapshot::ExplainedBackend& backend : explanation.backends) {
    if (backend.cluster.empty() || backend.endpoints > 0) continue;
    const std::string why = WhyNobodyIsTrusted(state, backend.cluster);
    if (!why.empty()) backend.problem = StrCat("nobody can be trusted to be it: ", why, "; ", backend.problem);
  }
  if (explanation.outcome == Explanation::Outcome::kRouted) return;
  explanation.unserved = UnservedListeners(state, explanation.port);
}

management::v1::ExplainResponse ResponseOf(const Explanation& explanation) {
  management::v1::ExplainResponse response;
  const bool answered = explanation.outcome == Explanation::Outcome::kAnswered && !explanation.refused();
  response.set_routed(answered || explanation.outcome == Explanation::Outcome::kRouted);
  response.set_text(snapshot::ExplanationText(explanation));
  response.set_json(snapshot::ExplanationJson(explanation));
  return response;
}

}  // namespace penstock::translator
