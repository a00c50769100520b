#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>

#include <algorithm>
#include <iterator>

#include "dataplane/base/status.h"
#include "dataplane/http/grpc/status.h"
#include "dataplane/snapshot/explain.h"

namespace penstock::snapshot {
namespace {

using google::protobuf::Struct;
using google::protobuf::Value;

// What the writer made of bytes beyond ASCII: U+0080 to U+00FF, in UTF-8 here.
std::string BytesOf(const std::string& text) {
  std::string bytes;
  for (size_t i = 0; i < text.size(); ++i) {
    auto lead = static_cast<unsigned char>(text[i]);
    bool two = (lead == 0xc2 || lead == 0xc3) && i + 1 < text.size();
    bytes += two ? static_cast<char>((lead & 0x3) << 6 | (static_cast<unsigned char>(text[++i]) & 0x3f)) : text[i];
  }
  return bytes;
}

// The fields of an object; one that is not there reads as nothing.
class Reader {
 public:
  explicit Reader(const Struct& object) : object_(object) {}

  std::string Text(const char* key) const { return BytesOf(At(key).string_value()); }
  bool Truth(const char* key) const { return At(key).bool_value(); }
  double Number(const char* key) const { return At(key).number_value(); }
  // At most LIMIT.
  uint64_t Count(const char* key, uint64_t limit = uint64_t{1} << 53) const {
    double number = Number(key);
    return number >= 0 && number <= static_cast<double>(limit) ? static_cast<uint64_t>(number) : 0;
  }
  std::vector<std::string> Texts(const char* key) const {
    std::vector<std::string> texts;
    for (const Value& item : At(key).list_value().values()) texts.push_back(BytesOf(item.string_value()));
    return texts;
  }
  template <typename Item, typename Read>
  std::vector<Item> Items(const char* key, Read read) const {
    std::vector<Item> items;
    for (const Value& item : At(key).list_value().values()) items.push_back(read(Reader(item.struct_value())));
    return items;
  }

 private:
  const Value& At(const char* key) const {
    auto found = object_.fields().find(key);
    return found == object_.fields().end() ? Value::default_instance() : found->second;
  }

  const Struct& object_;
};

ExplainedMiss ReadMiss(const Reader& json) { return {json.Text("route"), json.Text("rule"), json.Text("reason")}; }

ExplainedPolicy ReadPolicy(const Reader& json) {
  return {.type = json.Text("type"),
          .name = json.Text("name"),
          .origin = json.Text("origin"),
          .place = json.Text("place"),
          .does = json.Text("does"),
          .verdict = json.Text("verdict"),
          .why = json.Text("why")};
}

ExplainedBackend ReadBackend(const Reader& json) {
  return {.cluster = json.Text("cluster"),
          .weight = static_cast<uint32_t>(json.Count("weight", UINT32_MAX)),
          .share = json.Number("share"),
          .endpoints = json.Count("endpoints"),
          .picked = json.Truth("picked"),
          .problem = json.Text("problem")};
}

ExplainedPort ReadPort(const Reader& json) {
  return {static_cast<uint16_t>(json.Count("port", UINT16_MAX)), json.Text("speaks")};
}

void ReadAnswer(const Reader& json, Explanation& e) {
  e.status = static_cast<int>(json.Count("status", 999));
  e.grpc_status = static_cast<int>(json.Count("grpcStatus", 16));
  if (e.grpc_status != 0) e.grpc_name = http::grpc::NameOf(static_cast<http::grpc::Code>(e.grpc_status));
  e.reason = json.Text("reason");
  e.detail = json.Text("detail");
}

void ReadPlace(const Reader& json, Explanation& e) {
  e.listener = json.Text("listener");
  e.port = static_cast<uint16_t>(json.Count("port", UINT16_MAX));
  e.port_open = json.Truth("portOpen");
  e.socket = json.Text("socket");
  e.listener_hostname = json.Text("listenerHostname");
  e.client = json.Texts("client");
  e.handshake = json.Text("handshake");
  e.tls = json.Text("tls");
  e.ports = json.Items<ExplainedPort>("nearestPorts", ReadPort);
  e.unserved = json.Texts("unserved");
}

void ReadRoute(const Reader& json, Explanation& e) {
  e.route = json.Text("route");
  e.rule = json.Text("rule");
  e.match = json.Text("match");
  e.misses = json.Items<ExplainedMiss>("misses", ReadMiss);
  e.policies = json.Items<ExplainedPolicy>("policies", ReadPolicy);
  e.filters = json.Texts("filters");
  e.action = json.Text("action");
  e.backends = json.Items<ExplainedBackend>("backends", ReadBackend);
  e.endpoint = json.Text("endpoint");
  e.endpoint_tls = json.Text("endpointTls");
  e.timeouts = json.Texts("timeouts");
  e.retries = json.Text("retries");
}

}  // namespace

StatusOr<Explanation> ReadExplanation(const std::string& json) {
  Struct object;
  auto parsed = google::protobuf::util::JsonStringToMessage(json, &object);
  if (!parsed.ok()) return absl::InvalidArgumentError("not a JSON object");
  const Reader reader(object);
  const auto* outcome = std::find(std::begin(kOutcomeNames), std::end(kOutcomeNames), reader.Text("outcome"));
  if (outcome == std::end(kOutcomeNames)) return absl::InvalidArgumentError("an outcome that this build does not know");
  Explanation e;
  e.outcome = static_cast<Explanation::Outcome>(outcome - std::begin(kOutcomeNames));
  e.generation = {reader.Count("epoch"), reader.Count("generation")};
  e.replica = reader.Text("replica");
  ReadAnswer(reader, e);
  ReadPlace(reader, e);
  ReadRoute(reader, e);
  return e;
}

}  // namespace penstock::snapshot
