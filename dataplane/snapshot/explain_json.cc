#include <cstdio>

#include "dataplane/snapshot/explain.h"

namespace penstock::snapshot {
namespace {

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
    if (!policy.place.empty()) json.Field("place", policy.place);
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

std::string ExplanationJson(const Explanation& e) {
  JsonWriter json;
  json.Open('{');
  json.Field("outcome", kOutcomeNames[static_cast<size_t>(e.outcome)]);
  if (e.status != 0) json.NumberField("status", static_cast<uint64_t>(e.status));
  if (e.grpc_status != 0) json.NumberField("grpcStatus", static_cast<uint64_t>(e.grpc_status));
  if (!e.reason.empty()) json.Field("reason", e.reason);
  if (!e.detail.empty()) json.Field("detail", e.detail);
  json.NumberField("epoch", e.generation.epoch);
  json.NumberField("generation", e.generation.number);
  if (!e.replica.empty()) json.Field("replica", e.replica);
  json.Field("listener", e.listener);
  json.NumberField("port", e.port);
  json.Key("portOpen");
  json.Literal(e.port_open ? "true" : "false");
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
