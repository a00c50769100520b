#include "dataplane/snapshot/explain.h"

#include <algorithm>

#include "dataplane/base/spoken.h"
#include "dataplane/base/strings.h"
#include "dataplane/exchange/exchange.h"
#include "dataplane/exchange/grpc_code.h"
#include "dataplane/snapshot/admission.h"
#include "dataplane/snapshot/explain_backends.h"
#include "dataplane/snapshot/explain_place.h"
#include "dataplane/snapshot/explain_request.h"
#include "dataplane/snapshot/explain_secrets.h"
#include "dataplane/snapshot/explain_tls.h"
#include "dataplane/snapshot/explain_worlds.h"
#include "dataplane/snapshot/nearest.h"
#include "dataplane/snapshot/protocol.h"
#include "dataplane/snapshot/state.h"

namespace penstock::snapshot {
namespace {

// The question.
struct Asked {
  const Snapshot& snapshot;
  const ExplainRequest& request;
  FactSource& facts;
  std::vector<AuthMethod> doubted;
  std::vector<AuthMethod>& assumed;  // of the credentials that hold as far as is known here
};

class NothingKnown final : public FactSource {
 public:
  const policies::Facts& About(Exchange&, std::string_view, size_t) override { return none_; }

 private:
  const policies::NoFacts none_;
};

std::string_view NameOf(policies::Judgement::Outcome outcome) {
  constexpr std::string_view kNames[] = {"pass", "deny", "unknown"};
  return kNames[static_cast<size_t>(outcome)];
}

std::string DescribePath(const PathRewrite& path) {
  if (const auto* full = std::get_if<ReplaceFullPath>(&path)) return StrCat("path ", full->path);
  if (const auto* prefix = std::get_if<ReplacePrefix>(&path)) return StrCat("prefix ", prefix->prefix);
  return "";
}

void ExplainFilters(const Filters& filters, const std::string& of, Explanation& explanation) {
  if (filters.cors != nullptr) explanation.filters.push_back(StrCat("cors: ", filters.cors->Describe(), of));
  for (const policies::HeaderOp& op : filters.request_headers) {
    explanation.filters.push_back(StrCat("request header: ", policies::DescribeHeaderOp(op), of));
  }
  if (filters.rewrite.has_value()) {
    std::string host = filters.rewrite->hostname.empty() ? "" : StrCat(" host ", filters.rewrite->hostname);
    std::string path = DescribePath(filters.rewrite->path);
    explanation.filters.push_back(StrCat("rewrite:", host, path.empty() ? "" : " ", path, of));
  }
  for (const Mirror& mirror : filters.mirrors) {
    explanation.filters.push_back(StrCat("mirror: ", mirror.numerator, "/", mirror.denominator, " to ",
                                         mirror.cluster.empty() ? "nothing (unresolved)" : mirror.cluster, of));
  }
  for (const policies::HeaderOp& op : filters.response_headers) {
    explanation.filters.push_back(StrCat("response header: ", policies::DescribeHeaderOp(op), of));
  }
}

// What the data plane answers by itself. Callers of gRPC read the refusal in the head of a 200.
void Answer(Reason reason, std::string_view detail, Explanation& explanation) {
  const ReasonRow& row = RowOf(reason);
  explanation.status = reason == Reason::kOptions ? 200 : row.status;
  explanation.reason = row.name;
  explanation.detail = detail.empty() ? row.help : detail;
  if (!explanation.speaks_grpc || explanation.status < 400) return;
  http::grpc::Code code = CodeOf(reason, explanation.status);
  explanation.status = 200;
  explanation.grpc_status = static_cast<int>(code);
  explanation.grpc_name = http::grpc::NameOf(code);
}

// "503", or "grpc-status 14".
std::string StatusOf(Reason reason, const Explanation& of) {
  Explanation answered;
  answered.speaks_grpc = of.speaks_grpc;
  Answer(reason, "", answered);
  return answered.grpc_status == 0 ? std::to_string(answered.status)
                                   : StrCat("grpc-status ", answered.grpc_status, " ", answered.grpc_name);
}

ShareAnswers AnswersOf(const Explanation& of) {
  return {.unresolved = StatusOf(Reason::kBackendUnresolved, of), .no_endpoint = StatusOf(Reason::kNoEndpoints, of)};
}

void ExplainTimeouts(const Snapshot& snapshot, const Forward& forward, const std::string& cluster,
                     Explanation& explanation) {
  const UpstreamSettings& upstream = (*snapshot.FindCluster(cluster))->upstream;
  struct Row {
    std::string_view name;
    nanoseconds value;  // 0: none
  };
  const Row rows[] = {{"request", forward.request_timeout},
                      {"one try", forward.backend_timeout},
                      {"connect", upstream.connect_timeout},
                      {"stream idle", upstream.stream_idle_timeout}};
  for (const Row& row : rows) {
    explanation.timeouts.push_back(
        StrCat(row.name, " ", row.value == nanoseconds(0) ? std::string("none") : DurationText(row.value)));
  }
  explanation.retries = "only where nothing can have been processed";
  if (!forward.retry.has_value()) return;
  std::string on;
  for (uint32_t status : forward.retry->statuses) on += StrCat(on.empty() ? "" : ", ", status);
  explanation.retries = StrCat("at most ", forward.retry->attempts, " more tries", on.empty() ? "" : " on ", on,
                               ", budget ", forward.retry->budget_percent, " %");
}

void ExplainUpgrades(const Snapshot& snapshot, const Forward& forward, const std::string& cluster,
                     Explanation& explanation) {
  bool can = (*snapshot.FindCluster(cluster))->protocol != CompiledCluster::Protocol::kHttp2;
  for (const std::string& protocol : forward.upgrades) {
    explanation.filters.push_back(can ? StrCat("may switch to ", protocol)
                                      : StrCat("cannot switch to ", protocol, ": the backend is spoken to in HTTP/2"));
  }
}

std::string ExplainForward(const Snapshot& snapshot, const Forward& forward, uint64_t seed, Explanation& explanation) {
  for (const WeightedCluster& cluster : forward.clusters)
    ExplainBackend(snapshot, cluster, forward.total_weight, AnswersOf(explanation), explanation);
  const WeightedCluster* picked = PickCluster(forward, seed);
  if (picked == nullptr) {
    Answer(Reason::kNoBackend, "", explanation);
    return StrCat(StatusOf(Reason::kNoBackend, explanation), ": no backend has a weight");
  }
  ExplainedBackend& backend = explanation.backends[picked - forward.clusters.data()];
  backend.picked = true;
  if (picked->cluster.empty()) {
    Answer(Reason::kBackendUnresolved, "", explanation);
    return StrCat(StatusOf(Reason::kBackendUnresolved, explanation), ": the picked backend is unresolved");
  }
  ExplainTimeouts(snapshot, forward, picked->cluster, explanation);
  if (backend.endpoints == 0) {
    Answer(Reason::kNoEndpoints, "", explanation);
    return StrCat(StatusOf(Reason::kNoEndpoints, explanation), ": ", picked->cluster, " has no endpoint");
  }
  ExplainFilters(picked->filters, StrCat(" (backend ", picked->cluster, ")"), explanation);
  ExplainUpgrades(snapshot, forward, picked->cluster, explanation);
  explanation.endpoint = EndpointsOf(snapshot, picked->cluster);
  const CompiledCluster& cluster = **snapshot.FindCluster(picked->cluster);
  if (cluster.tls.has_value()) explanation.endpoint_tls = DescribeTls(*cluster.tls, cluster.protocol);
  return StrCat("forward to ", picked->cluster);
}

std::string ExplainAction(const Snapshot& snapshot, const Action& action, uint64_t seed, Explanation& explanation) {
  if (const auto* forward = std::get_if<Forward>(&action)) return ExplainForward(snapshot, *forward, seed, explanation);
  if (const auto* reply = std::get_if<StaticReply>(&action)) return StrCat("reply ", reply->status);
  if (std::holds_alternative<Tunnel>(action)) return "tunnel";
  const auto& redirect = std::get<Redirect>(action);
  std::string to;
  if (!redirect.scheme.empty()) to += StrCat(" scheme ", redirect.scheme);
  if (!redirect.hostname.empty()) to += StrCat(" host ", redirect.hostname);
  if (redirect.port != 0) to += StrCat(" port ", redirect.port);
  std::string path = DescribePath(redirect.path);
  if (!path.empty()) to += StrCat(" ", path);
  return StrCat("redirect ", redirect.status, to);
}

// Says why no request of this scheme can be read at a place. False if it can.
bool SpeaksAnotherProtocol(const ExplainRequest& request, const BindGroup& group, Explanation& explanation) {
  bool secure = IsSecure(group.protocol());
  if (group.protocol() != ListenerProtocol::kHttp && !secure) {
    explanation.action = StrCat("the listener carries bytes; ask about ", SchemeOf(group.protocol()));
    return true;
  }
  if (secure == (request.scheme == "https")) return false;
  explanation.reason = NameOf(secure ? Reason::kTlsHandshakeFailed : Reason::kBadRequest);
  explanation.detail = secure ? TextAtTls(Spoken::kHttp) : http::h1::Text(http::h1::Error::kTls);
  explanation.action = secure ? "the port speaks TLS, so the connection is closed without an answer; ask about https://"
                              : "the port speaks HTTP in the clear, so there is no handshake: the client reads a 400 "
                                "where TLS should be, and breaks off; ask about http://";
  return true;
}

void ExplainListener(const CompiledListener& listener, Explanation& explanation) {
  explanation.listener = listener.name;
  explanation.listener_hostname = listener.hostname;
  explanation.client = ExplainClient(listener.client);
}

// Whether the rule's CORS filter answers the request by itself.
bool AnswersPreflight(const Filters& filters, const http::RequestHead& head) {
  return filters.cors != nullptr &&
         filters.cors->Decide(head.method_text, head.headers).kind == policies::CorsDecision::Kind::kPreflight;
}

// What the policies of the chain do with X, in order. False: one of them answers.
bool PassesPolicies(const Asked& asked, std::string_view chain, bool preflight, Exchange& x, Explanation& explanation) {
  if (chain.empty()) return true;
  bool passes = true;
  const std::vector<CompiledPolicy>& policies = (*asked.snapshot.FindPolicyChain(chain))->policies;
  for (size_t i = 0; i < policies.size(); ++i) {
    const CompiledPolicy& policy = policies[i];
    ExplainedPolicy& row = explanation.policies.emplace_back();
    row = {.type = policy.type,
           .name = std::string(chain),
           .origin = policy.origin,
           .place = "",
           .does = policy.config->Describe(),
           .verdict = "",
           .why = ""};
    if (!passes) continue;
    if (preflight && !policy.config->SeesPreflights()) {
      row.why = "not asked: the CORS filter answers preflight requests";
      continue;
    }
    WithSecrets known(asked.snapshot, asked.facts.About(x, chain, i));
    policies::Judgement judgement = policy.config->Judge(x, known);
    row.verdict = NameOf(judgement.outcome);
    row.why = judgement.why;
    passes = judgement.outcome != policies::Judgement::Outcome::kDeny;
    if (!passes) Answer(judgement.reason, judgement.why, explanation);
  }
  explanation.denied = !passes;
  for (size_t i = 0; i < std::size(x.identity.results); ++i) {
    if (x.identity.results[i].state == AuthResult::State::kAssumed) asked.assumed.push_back(static_cast<AuthMethod>(i));
  }
  return passes;
}

// Answered by the data plane itself, behind the policies of the listener.
void AnswerBehindPolicies(const Asked& asked, const CompiledListener& listener, Reason reason, Exchange& x,
                          Explanation& explanation) {
  if (PassesPolicies(asked, listener.policy_chain, false, x, explanation)) Answer(reason, "", explanation);
}

void ExplainRoute(const Asked& asked, const Shared<CompiledListener>& listener, Exchange& x, Explanation& explanation) {
  const Snapshot& snapshot = asked.snapshot;
  const http::RequestHead& head = x.request;
  router::Request parts{head.method_text, head.host, head.path, head.query, &head.headers};
  Decision decision = snapshot.Decide(listener, parts);
  explanation.misses = NearestMisses(snapshot, listener->name, parts, decision.match);
  explanation.outcome = decision.match == nullptr ? Explanation::Outcome::kNoRoute : Explanation::Outcome::kRouted;
  if (decision.match == nullptr) return AnswerBehindPolicies(asked, *listener, Reason::kNoRoute, x, explanation);
  const CompiledRule& rule = decision.rule();
  explanation.route = decision.route().name;
  explanation.rule = RuleLabel(decision.route(), decision.match->rule);
  explanation.match = DescribeMatch(*decision.match);
  x.route = decision.route().name;
  x.rule = decision.match->rule;
  std::string_view chain = rule.ChainFor(listener->name);
  bool preflight = AnswersPreflight(rule.filters, head);
  if (!PassesPolicies(asked, chain.empty() ? listener->policy_chain : chain, preflight, x, explanation)) {
    explanation.action = "not reached";
    return;
  }
  ExplainFilters(rule.filters, "", explanation);
  if (preflight) {
    explanation.action = "answered by the CORS filter: 204";
    return;
  }
  explanation.action = ExplainAction(snapshot, rule.action, asked.request.seed, explanation);
}

// The request is the business of who is behind a listener that carries bytes in TLS.
Explanation ExplainCarried(const Snapshot& snapshot, const ExplainRequest& request) {
  ExplainRequest connection = request;
  connection.scheme = "tls";
  return ExplainConnection(snapshot, connection);
}

// Everything behind a head that could be read. The order is that of the data plane's Accept. REACHED: by the
// handshake; nullptr in cleartext.
void ExplainHead(const Asked& asked, const BindGroup& group, const CompiledListener* reached, Exchange& x,
                 Explanation& explanation) {
  const Snapshot& snapshot = asked.snapshot;
  const ExplainRequest& request = asked.request;
  http::RequestHead& head = x.request;
  Arena& arena = x.arena;
  explanation.outcome = Explanation::Outcome::kAnswered;
  Admission admission = AdmitAuthority(head, request.scheme, arena);
  if (!admission.ok()) {
    ExplainListener(*snapshot.DefaultListener(group), explanation);
    return Answer(admission.reason, admission.detail, explanation);
  }
  const Shared<CompiledListener>* found = snapshot.FindListenerForHost(group, head.host);
  const Shared<CompiledListener>& listener = found != nullptr ? *found : snapshot.DefaultListener(group);
  admission = AdmitPath(head, listener->client, arena);
  if (found != nullptr || reached != nullptr || !admission.ok()) ExplainListener(*listener, explanation);
  if (admission.reason == Reason::kPathRedirect) {
    Answer(admission.reason, "", explanation);
    explanation.detail = StrCat("to ", head.path);
    return;
  }
  if (!admission.ok()) return Answer(admission.reason, admission.detail, explanation);
  bool circles = RunsInCircles(head);
  CleanHead(request, head, arena);
  if (reached != nullptr) admission = AdmitToListener(found == nullptr ? "" : (*found)->name, reached->name);
  if (!admission.ok()) return Answer(admission.reason, admission.detail, explanation);
  if (found == nullptr) {
    explanation.outcome = Explanation::Outcome::kNoListener;
    return Answer(Reason::kNoListener, "", explanation);
  }
  x.listener = listener->name;
  if (circles) return AnswerBehindPolicies(asked, *listener, Reason::kLoopDetected, x, explanation);
  if (AsksTheProxy(head, arena)) return AnswerBehindPolicies(asked, *listener, Reason::kOptions, x, explanation);
  ExplainRoute(asked, listener, x, explanation);
}

// What is said over a connection that GROUP understands.
void ExplainRequestTo(const Asked& asked, const BindGroup& group, const CompiledListener* reached,
                      Explanation& explanation) {
  const CompiledListener& defaults = *asked.snapshot.DefaultListener(group);
  BlockPool pool;
  Exchange x(&pool);
  Cancellation never;
  x.Begin(never);
  x.peer = x.client.address = asked.request.client;
  x.peer_text = x.client_text = x.arena.Copy(asked.request.client.ToString());
  x.time.wall = asked.request.now;
  x.revocations = &asked.snapshot.revocations();
  x.consumers = &asked.snapshot.consumers();
  x.address_lists = &asked.snapshot.address_lists();
  x.seed = asked.request.seed;
  ConnectionInfo connection;
  bool asks_for_one = reached != nullptr && reached->tls.has_value() && reached->tls->client.has_value();
  if (asks_for_one) connection.client_identity = asked.request.client_certificate;
  x.connection = &connection;
  for (AuthMethod method : asked.doubted) x.identity.doubted[static_cast<size_t>(method)] = true;
  const ClientSettings& settings = (reached != nullptr ? *reached : defaults).client;
  Admission read = ReadAsClientsSendIt(asked.request, settings, x.arena, x.request);
  explanation.speaks_grpc =
      http::grpc::DialectOf(x.request.headers.Get(http::HeaderId::kContentType)) != http::grpc::Dialect::kNone;
  if (read.ok()) return ExplainHead(asked, group, reached, x, explanation);
  explanation.outcome = Explanation::Outcome::kAnswered;
  ExplainListener(defaults, explanation);
  Answer(read.reason, read.detail, explanation);
}

Explanation ExplainInWorld(const Asked& asked) {
  const Snapshot& snapshot = asked.snapshot;
  const ExplainRequest& request = asked.request;
  Explanation explanation;
  explanation.generation = snapshot.id();
  explanation.port = request.port;
  const BindGroup* group = GroupFor(snapshot, request);
  explanation.port_open = group != nullptr;
  if (group == nullptr) {
    ExplainClosedPort(snapshot, request, explanation);
    return explanation;
  }
  if (group->key().is_unix()) explanation.socket = group->key().address;
  if (SpeaksAnotherProtocol(request, *group, explanation)) return explanation;
  const CompiledListener* reached = nullptr;
  if (IsSecure(group->protocol())) {
    reached = ExplainHandshake(snapshot, *group, request, explanation);
    if (reached == nullptr) return explanation;
    if (reached->protocol == ListenerProtocol::kTls) return ExplainCarried(snapshot, request);
  }
  ExplainRequestTo(asked, *group, reached, explanation);
  // Whoever the host belongs to, the handshake was made before it was known.
  if (reached != nullptr && reached->tls.has_value()) explanation.tls = DescribeTls(*reached->tls);
  return explanation;
}

}  // namespace

Explanation Explain(const Snapshot& snapshot, const ExplainRequest& request) {
  NothingKnown facts;
  return Explain(snapshot, request, facts);
}

Explanation Explain(const Snapshot& snapshot, const ExplainRequest& request, FactSource& facts) {
  if (IsConnection(request)) return ExplainConnection(snapshot, request);
  std::vector<AuthMethod> assumed;
  Explanation explanation = ExplainInWorld({snapshot, request, facts, {}, assumed});
  if (assumed.empty()) return explanation;
  auto explain = [&](const std::vector<AuthMethod>& doubted, std::vector<AuthMethod>& left) {
    return ExplainInWorld({snapshot, request, facts, doubted, left});
  };
  return Merge(std::move(explanation), OtherWorlds(assumed, explain));
}

}  // namespace penstock::snapshot
