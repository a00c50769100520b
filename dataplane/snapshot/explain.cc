#include "dataplane/snapshot/explain.h"

#include <algorithm>

#include "dataplane/base/strings.h"
#include "dataplane/snapshot/admission.h"
#include "dataplane/snapshot/explain_backends.h"
#include "dataplane/snapshot/explain_request.h"
#include "dataplane/snapshot/explain_tls.h"
#include "dataplane/snapshot/nearest.h"
#include "dataplane/snapshot/state.h"

namespace penstock::snapshot {
namespace {

void ExplainPolicies(const Snapshot& snapshot, const std::string& chain_name, Explanation& explanation) {
  if (chain_name.empty()) return;
  for (const CompiledPolicy& policy : (*snapshot.FindPolicyChain(chain_name))->policies) {
    explanation.policies.push_back({policy.type, chain_name, policy.origin, policy.config->Describe()});
  }
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

const ShareAnswers kStatuses{.unresolved = "500", .no_endpoint = "503"};

// What the data plane answers by itself.
void Answer(Reason reason, std::string_view detail, Explanation& explanation) {
  const ReasonRow& row = RowOf(reason);
  explanation.status = reason == Reason::kOptions ? 200 : row.status;
  explanation.reason = row.name;
  explanation.detail = detail.empty() ? row.help : detail;
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
    ExplainBackend(snapshot, cluster, forward.total_weight, kStatuses, explanation);
  const WeightedCluster* picked = PickCluster(forward, seed);
  if (picked == nullptr) {
    Answer(Reason::kNoBackend, "", explanation);
    return "500: no backend has a weight";
  }
  ExplainedBackend& backend = explanation.backends[picked - forward.clusters.data()];
  backend.picked = true;
  if (picked->cluster.empty()) {
    Answer(Reason::kBackendUnresolved, "", explanation);
    return "500: the picked backend is unresolved";
  }
  ExplainTimeouts(snapshot, forward, picked->cluster, explanation);
  if (backend.endpoints == 0) {
    Answer(Reason::kNoEndpoints, "", explanation);
    return StrCat("503: ", picked->cluster, " has no endpoint");
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

// Why no request of this scheme can be read at a place, "" if it can.
std::string_view WrongProtocol(const ExplainRequest& request, ListenerProtocol protocol) {
  switch (protocol) {
    case ListenerProtocol::kHttp:
      return "";
    case ListenerProtocol::kHttps:
      return request.scheme == "https" ? "" : "the port speaks TLS; ask about https://";
    case ListenerProtocol::kTls:
      return "the listener carries bytes in TLS; ask about tls://";
    case ListenerProtocol::kTcp:
      return "the listener carries bytes; ask about tcp://";
    case ListenerProtocol::kUdp:
      return "the listener carries datagrams; ask about udp://";
  }
  return "";
}

void ExplainListener(const Snapshot& snapshot, const CompiledListener& listener, Explanation& explanation) {
  explanation.listener = listener.name;
  explanation.listener_hostname = listener.hostname;
  explanation.client = ExplainClient(listener.client);
  if (listener.tls.has_value()) explanation.tls = DescribeTls(*listener.tls);
  ExplainPolicies(snapshot, listener.policy_chain, explanation);
}

void ExplainRoute(const Snapshot& snapshot, const Shared<CompiledListener>& listener, const http::RequestHead& head,
                  uint64_t seed, Explanation& explanation) {
  router::Request parts{head.method_text, head.host, head.path, head.query, &head.headers};
  Decision decision = snapshot.Decide(listener, parts);
  explanation.misses = NearestMisses(snapshot, listener->name, parts, decision.match);
  explanation.outcome = decision.match == nullptr ? Explanation::Outcome::kNoRoute : Explanation::Outcome::kRouted;
  if (decision.match == nullptr) return Answer(Reason::kNoRoute, "", explanation);
  const CompiledRule& rule = decision.rule();
  explanation.route = decision.route().name;
  explanation.rule = RuleLabel(decision.route(), decision.match->rule);
  explanation.match = DescribeMatch(*decision.match);
  ExplainPolicies(snapshot, rule.policy_chain, explanation);
  ExplainFilters(rule.filters, "", explanation);
  explanation.action = ExplainAction(snapshot, rule.action, seed, explanation);
}

// Everything behind a head that could be read. The order is that of the data plane's Accept.
void ExplainHead(const Snapshot& snapshot, const BindGroup& group, const ExplainRequest& request,
                 http::RequestHead& head, Arena& arena, Explanation& explanation) {
  explanation.outcome = Explanation::Outcome::kAnswered;
  Admission admission = AdmitAuthority(head, request.scheme, arena);
  if (!admission.ok()) {
    ExplainListener(snapshot, *snapshot.DefaultListener(group), explanation);
    return Answer(admission.reason, admission.detail, explanation);
  }
  const Shared<CompiledListener>* found = snapshot.FindListenerForHost(group, head.host);
  const Shared<CompiledListener>& listener = found != nullptr ? *found : snapshot.DefaultListener(group);
  admission = AdmitPath(head, listener->client, arena);
  std::string_view wrong = found == nullptr ? "" : WrongProtocol(request, listener->protocol);
  if (!wrong.empty()) {
    explanation.outcome = Explanation::Outcome::kNoListener;
    explanation.action = wrong;
    return;
  }
  if (found != nullptr || !admission.ok()) ExplainListener(snapshot, *listener, explanation);
  if (admission.reason == Reason::kPathRedirect) {
    Answer(admission.reason, "", explanation);
    explanation.detail = StrCat("to ", head.path);
    return;
  }
  if (!admission.ok()) return Answer(admission.reason, admission.detail, explanation);
  bool circles = RunsInCircles(head);
  CleanHead(request, head, arena);
  if (found == nullptr) {
    explanation.outcome = Explanation::Outcome::kNoListener;
    return Answer(Reason::kNoListener, "", explanation);
  }
  if (circles) return Answer(Reason::kLoopDetected, "", explanation);
  if (AsksTheProxy(head, arena)) return Answer(Reason::kOptions, "", explanation);
  ExplainRoute(snapshot, listener, head, request.seed, explanation);
}

}  // namespace

Explanation Explain(const Snapshot& snapshot, const ExplainRequest& request) {
  if (IsConnection(request)) return ExplainConnection(snapshot, request);
  Explanation explanation;
  explanation.generation = snapshot.id();
  explanation.port = request.port;
  const BindGroup* group = GroupFor(snapshot, request);
  if (group == nullptr) {
    Answer(Reason::kNoListener, "", explanation);
    return explanation;
  }
  if (group->key().is_unix()) explanation.socket = group->key().address;
  if (std::string_view wrong = WrongProtocol(request, group->protocol()); !wrong.empty()) {
    explanation.action = wrong;
    return explanation;
  }
  const CompiledListener& defaults = *snapshot.DefaultListener(*group);
  Arena arena;
  http::RequestHead head;
  Admission read = ReadAsClientsSendIt(request, defaults.client, arena, head);
  if (!read.ok()) {
    explanation.outcome = Explanation::Outcome::kAnswered;
    ExplainListener(snapshot, defaults, explanation);
    Answer(read.reason, read.detail, explanation);
    return explanation;
  }
  ExplainHead(snapshot, *group, request, head, arena, explanation);
  return explanation;
}

}  // namespace penstock::snapshot
