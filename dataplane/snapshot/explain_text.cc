#include <cstdio>

#include "dataplane/base/strings.h"
#include "dataplane/snapshot/explain.h"

namespace penstock::snapshot {
namespace {

constexpr size_t kLabel = 10;  // "listener  "
constexpr size_t kName = 18;
constexpr size_t kVerdict = 9;  // "unknown  "

std::string Pad(std::string_view text, size_t width) {
  std::string padded(text);
  padded.append(text.size() < width ? width - text.size() : 1, ' ');
  return padded;
}

std::string Percent(double share) {
  char text[16];
  std::snprintf(text, sizeof(text), "%.3g %%", share * 100);
  return text;
}

std::string BackendLine(const std::vector<ExplainedBackend>& backends) {
  std::string line;
  for (const ExplainedBackend& backend : backends) {
    if (!line.empty()) line += " | ";
    line += StrCat(backend.cluster.empty() ? "(unresolved)" : backend.cluster, " ", Percent(backend.share));
    if (!backend.problem.empty()) line += StrCat(" [", backend.problem, "]");
  }
  return line;
}

// "404", or what a caller of gRPC reads: "grpc-status 12 UNIMPLEMENTED (HTTP 200)".
std::string StatusText(const Explanation& e) {
  if (e.grpc_status == 0) return std::to_string(e.status);
  return StrCat("grpc-status ", e.grpc_status, " ", e.grpc_name, " (HTTP ", e.status, ")");
}

// "nearest are 8080 (HTTP), 8443 (HTTPS)".
std::string PortsText(const std::vector<ExplainedPort>& ports) {
  std::string text;
  for (const ExplainedPort& port : ports)
    text += StrCat(text.empty() ? "the nearest ports are " : ", ", port.port, " (", port.speaks, ")");
  return text.empty() ? "there is no listener at all" : text;
}

void AppendUnserved(const Explanation& e, std::string& text) {
  for (const std::string& listener : e.unserved) text += StrCat(Pad("but", kLabel), listener, "\n");
}

std::string DecidedText(const Explanation& e) {
  if (e.generation.number == 0) return StrCat(Pad("decided", kLabel), "by what is written, which nobody serves\n");
  std::string by = e.replica.empty() ? "" : StrCat(", which replica ", e.replica, " serves now");
  return StrCat(Pad("decided", kLabel), "by generation ", e.generation.epoch, ".", e.generation.number, by, "\n");
}

// No listener takes it.
std::string NobodyText(const Explanation& e) {
  std::string text = StrCat(Pad("listener", kLabel), "none on port ", e.port);
  if (e.status != 0) {
    text += StrCat(" serves this host: ", StatusText(e), " ", e.reason, "\n");
  } else {
    std::string ports = e.port_open ? "" : StrCat("; ", PortsText(e.ports));
    text += StrCat(": ", e.action, ports, "\n");
    if (!e.reason.empty()) text += StrCat(Pad("log", kLabel), e.reason, ": ", e.detail, "\n");
  }
  AppendUnserved(e, text);
  if (!e.replica.empty()) text += DecidedText(e);
  return text;
}

void AppendRoutes(const Explanation& e, std::string& text) {
  std::string label = Pad("route", kLabel);
  if (e.outcome == Explanation::Outcome::kRouted) {
    text += StrCat(label, Pad(e.route, kName), Pad(e.rule, kName), "match: ", e.match, "\n");
  } else {
    text += StrCat(label, "none: ", e.status == 0 ? e.action : StrCat(StatusText(e), " ", e.reason), "\n");
  }
  for (const ExplainedMiss& miss : e.misses) {
    text += StrCat(Pad("", kLabel), Pad(miss.route, kName), Pad(miss.rule, kName), "no: ", miss.reason, "\n");
  }
}

void AppendList(std::string_view label, const std::vector<std::string>& items, std::string& text) {
  for (size_t i = 0; i < items.size(); ++i)
    text += i == 0 ? StrCat(Pad(label, kLabel), items[0]) : StrCat(", ", items[i]);
  if (!items.empty()) text += "\n";
}

// What is said of the action is so if they let the request pass.
void AppendUnknown(const Explanation& e, std::string& text) {
  std::vector<std::string> unknown;
  for (size_t i = 0; i < e.policies.size(); ++i) {
    if (e.policies[i].verdict == "unknown") unknown.push_back(StrCat(i + 1, " ", e.policies[i].type));
  }
  if (e.denied || unknown.empty()) return;
  unknown.back() += " may refuse it; otherwise:";
  AppendList("unknown", unknown, text);
}

void AppendAction(const Explanation& e, std::string& text) {
  if (e.backends.empty()) {
    text += StrCat(Pad("action", kLabel), e.action, "\n");
    return;
  }
  text += StrCat(Pad("backend", kLabel), BackendLine(e.backends), "  ->  ", e.action);
  if (!e.endpoint.empty()) text += StrCat(", would pick ", e.endpoint);
  text += "\n";
  if (!e.endpoint_tls.empty()) text += StrCat(Pad("over", kLabel), e.endpoint_tls, "\n");
  AppendList("timeouts", e.timeouts, text);
  if (!e.retries.empty()) text += StrCat(Pad("retries", kLabel), e.retries, "\n");
}

// "SecurityPolicy shop/tokens (shop.yaml:42)".
std::string OriginText(const ExplainedPolicy& policy) {
  std::string place = policy.place.empty() ? "" : StrCat(" (", policy.place, ")");
  return StrCat(policy.origin.empty() ? policy.name : policy.origin, place);
}

}  // namespace

std::string ExplanationText(const Explanation& e) {
  std::string text;
  if (e.outcome == Explanation::Outcome::kNoListener) return NobodyText(e);
  std::string host = e.listener_hostname.empty() ? "" : StrCat(" host ", e.listener_hostname);
  std::string where = e.socket.empty() ? StrCat(":", e.port) : StrCat("at ", e.socket);
  text += StrCat(Pad("listener", kLabel), e.listener, " ", where, host, "\n");
  for (size_t i = 0; i < e.client.size(); ++i) text += StrCat(Pad(i == 0 ? "client" : "", kLabel), e.client[i], "\n");
  if (!e.handshake.empty()) text += StrCat(Pad("handshake", kLabel), e.handshake, "\n");
  if (!e.tls.empty()) text += StrCat(Pad("tls", kLabel), e.tls, "\n");
  bool answered = e.outcome == Explanation::Outcome::kAnswered;
  if (answered) text += StrCat(Pad("answer", kLabel), StatusText(e), " ", e.reason, ": ", e.detail, "\n");
  if (!answered) AppendRoutes(e, text);
  for (size_t i = 0; i < e.policies.size(); ++i) {
    const ExplainedPolicy& policy = e.policies[i];
    std::string_view verdict = policy.verdict.empty() ? "not asked" : std::string_view(policy.verdict);
    text += StrCat(Pad(i == 0 ? "policies" : "", kLabel), i + 1, " ", Pad(policy.type, kName), Pad(verdict, kVerdict),
                   "from ", OriginText(policy), "  ", policy.does, "\n");
    if (!policy.why.empty() && policy.why != policy.does) {
      text += StrCat(Pad("", kLabel + 2 + kName), policy.why, "\n");
    }
  }
  for (size_t i = 0; i < e.filters.size(); ++i) {
    text += StrCat(Pad(i == 0 ? "filters" : "", kLabel), e.filters[i], "\n");
  }
  if (e.outcome == Explanation::Outcome::kRouted) {
    AppendUnknown(e, text);
    AppendAction(e, text);
  }
  AppendUnserved(e, text);
  text += DecidedText(e);
  return text;
}

}  // namespace penstock::snapshot
