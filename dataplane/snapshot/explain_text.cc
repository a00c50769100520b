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

std::string OutcomeName(Explanation::Outcome outcome) {
  switch (outcome) {
    case Explanation::Outcome::kRouted:
      return "routed";
    case Explanation::Outcome::kNoListener:
      return "no_listener";
    case Explanation::Outcome::kNoRoute:
      return "no_route";
    case Explanation::Outcome::kAnswered:
      return "answered";
  }
  return "";
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

// A JSON object or array that is being written.
class JsonWriter {
 public:
  void Open(char bracket) {
    Separate();
    text_ += bracket;
    first_ = true;
  }
  void Close(char bracket) {
    text_ += bracket;
    first_ = false;
  }
  void Key(std::string_view key) {
    String(key);
    text_ += ':';
    first_ = true;
  }
  void String(std::string_view value) {
    Separate();
    text_ += '"';
    for (char c : value) AppendEscaped(c);
    text_ += '"';
  }
  void Literal(std::string_view value) {
    Separate();
    text_ += value;
  }
  void Field(std::string_view key, std::string_view value) {
    Key(key);
    String(value);
  }
  void NumberField(std::string_view key, uint64_t value) {
    Key(key);
    Literal(std::to_string(value));
  }
  std::string Take() { return std::move(text_); }

 private:
  void Separate() {
    if (!first_) text_ += ',';
    first_ = false;
  }
  // Bytes beyond ASCII are escaped one by one: a path or header need not be UTF-8.
  void AppendEscaped(char c) {
    unsigned char byte = static_cast<unsigned char>(c);
    if (byte >= ' ' && byte < 0x7f && c != '"' && c != '\\') {
      text_ += c;
      return;
    }
    char escaped[8];
    std::snprintf(escaped, sizeof(escaped), "\\u%04x", byte);
    text_ += escaped;
  }

  std::string text_;
  bool first_ = true;
};

void WriteTexts(std::string_view key, const std::vector<std::string>& texts, JsonWriter& json) {
  json.Key(key);
  json.Open('[');
  for (const std::string& text : texts) json.String(text);
  json.Close(']');
}

void WriteLists(const Explanation& e, JsonWriter& json) {
  json.Key("misses");
  json.Open('[');
  for (const ExplainedMiss& miss : e.misses) {
    json.Open('{');
    json.Field("route", miss.route);
    json.Field("rule", miss.rule);
    json.Field("reason", miss.reason);
    json.Close('}');
  }
  json.Close(']');
  json.Key("policies");
  json.Open('[');
  for (const ExplainedPolicy& policy : e.policies) {
    json.Open('{');
    json.Field("type", policy.type);
    json.Field("name", policy.name);
    json.Field("origin", policy.origin);
    json.Field("does", policy.does);
    json.Field("verdict", policy.verdict);
    json.Field("why", policy.why);
    json.Close('}');
  }
  json.Close(']');
  WriteTexts("filters", e.filters, json);
}

void WriteBackends(const Explanation& e, JsonWriter& json) {
  json.Key("backends");
  json.Open('[');
  for (const ExplainedBackend& backend : e.backends) {
    char share[32];
    std::snprintf(share, sizeof(share), "%.6g", backend.share);
    json.Open('{');
    json.Field("cluster", backend.cluster);
    json.NumberField("weight", backend.weight);
    json.Key("share");
    json.Literal(share);
    json.NumberField("endpoints", backend.endpoints);
    json.Key("picked");
    json.Literal(backend.picked ? "true" : "false");
    json.Field("problem", backend.problem);
    json.Close('}');
  }
  json.Close(']');
}

void WritePorts(const std::vector<ExplainedPort>& ports, JsonWriter& json) {
  json.Key("nearestPorts");
  json.Open('[');
  for (const ExplainedPort& port : ports) {
    json.Open('{');
    json.NumberField("port", port.port);
    json.Field("speaks", port.speaks);
    json.Close('}');
  }
  json.Close(']');
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
                   "from ", policy.origin.empty() ? policy.name : policy.origin, "  ", policy.does, "\n");
    if (!policy.why.empty() && policy.why != policy.does) {
      text += StrCat(Pad("", kLabel + 2 + kName), policy.why, "\n");
    }
  }
  for (size_t i = 0; i < e.filters.size(); ++i) {
    text += StrCat(Pad(i == 0 ? "filters" : "", kLabel), e.filters[i], "\n");
  }
  if (e.outcome == Explanation::Outcome::kRouted) AppendAction(e, text);
  AppendUnserved(e, text);
  text += StrCat(Pad("decided", kLabel), "by generation ", e.generation.epoch, ".", e.generation.number, "\n");
  return text;
}

std::string ExplanationJson(const Explanation& e) {
  JsonWriter json;
  json.Open('{');
  json.Field("outcome", OutcomeName(e.outcome));
  if (e.status != 0) json.NumberField("status", static_cast<uint64_t>(e.status));
  if (e.grpc_status != 0) json.NumberField("grpcStatus", static_cast<uint64_t>(e.grpc_status));
  if (!e.reason.empty()) json.Field("reason", e.reason);
  if (!e.detail.empty()) json.Field("detail", e.detail);
  json.NumberField("epoch", e.generation.epoch);
  json.NumberField("generation", e.generation.number);
  json.Field("listener", e.listener);
  json.NumberField("port", e.port);
  if (!e.socket.empty()) json.Field("socket", e.socket);
  json.Field("listenerHostname", e.listener_hostname);
  WriteTexts("client", e.client, json);
  if (!e.handshake.empty()) json.Field("handshake", e.handshake);
  json.Field("tls", e.tls);
  json.Field("route", e.route);
  json.Field("rule", e.rule);
  json.Field("match", e.match);
  WriteLists(e, json);
  json.Field("action", e.action);
  WriteBackends(e, json);
  json.Field("endpoint", e.endpoint);
  json.Field("endpointTls", e.endpoint_tls);
  WriteTexts("timeouts", e.timeouts, json);
  json.Field("retries", e.retries);
  if (!e.ports.empty()) WritePorts(e.ports, json);
  if (!e.unserved.empty()) WriteTexts("unserved", e.unserved, json);
  json.Close('}');
  return json.Take();
}

}  // namespace penstock::snapshot
