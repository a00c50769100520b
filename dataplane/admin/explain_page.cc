#include "dataplane/admin/explain_page.h"

#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>

#include <algorithm>
#include <chrono>
#include <string>

#include "absl/strings/numbers.h"
#include "dataplane/base/arena.h"
#include "dataplane/base/status.h"
#include "dataplane/http/uri.h"
#include "dataplane/snapshot/explain.h"

namespace penstock::admin {
namespace {

using google::protobuf::Struct;
using google::protobuf::Value;

constexpr std::string_view kFields[] = {"scheme", "serverName", "method", "host",   "path",   "headers",
                                        "port",   "address",    "seed",   "format", "client", "clientCertificate"};
constexpr std::string_view kSchemes[] = {"http", "https", "tls", "tcp", "udp"};

struct Asked {
  snapshot::ExplainRequest request;
  bool as_text = false;
};

Status CheckFields(const Struct& object) {
  for (const auto& [name, value] : object.fields()) {
    if (std::find(std::begin(kFields), std::end(kFields), name) == std::end(kFields)) {
      return absl::InvalidArgumentError(
          StrCat("unknown field \"", name,
                 "\"; known: scheme, serverName, method, host, path, headers, port, address, seed, format, client"));
    }
  }
  return absl::OkStatus();
}

StatusOr<std::string> Text(const Struct& object, const std::string& name, std::string fallback) {
  auto found = object.fields().find(name);
  if (found == object.fields().end()) return fallback;
  if (found->second.kind_case() != Value::kStringValue) {
    return absl::InvalidArgumentError(StrCat("\"", name, "\" must be a string"));
  }
  return found->second.string_value();
}

Status TakeHeaders(const Struct& object, Asked& asked) {
  auto found = object.fields().find("headers");
  if (found == object.fields().end()) return absl::OkStatus();
  for (const auto& [name, value] : found->second.struct_value().fields()) {
    if (value.kind_case() != Value::kStringValue) {
      return absl::InvalidArgumentError(StrCat("the value of header \"", name, "\" must be a string"));
    }
    asked.request.fields.emplace_back(name, value.string_value());
  }
  return absl::OkStatus();
}

Status TakePort(const Struct& object, Asked& asked) {
  auto found = object.fields().find("port");
  if (found == object.fields().end()) return absl::OkStatus();
  double port = found->second.number_value();
  if (!(port >= 1 && port <= 65535)) return absl::InvalidArgumentError("\"port\" must be a number from 1 to 65535");
  asked.request.port = static_cast<uint16_t>(port);
  return absl::OkStatus();
}

// What a client's handshake names that wants HOST.
std::string ServerNameOf(std::string_view host) {
  Arena arena;
  http::Authority authority;
  if (http::CanonicalAuthority(host, arena, authority) != http::TargetResult::kOk) return "";
  return std::string(snapshot::ServerNameFor(authority.host));
}

Status TakeScheme(const Struct& object, const std::string& host, Asked& asked) {
  ASSIGN_OR_RETURN(asked.request.scheme, Text(object, "scheme", "http"));
  if (std::find(std::begin(kSchemes), std::end(kSchemes), asked.request.scheme) == std::end(kSchemes))
    return absl::InvalidArgumentError("\"scheme\" must be http, https, tls, tcp or udp");
  ASSIGN_OR_RETURN(asked.request.server_name, Text(object, "serverName", ServerNameOf(host)));
  return absl::OkStatus();
}

Status Parse(std::string_view body, Asked& asked) {
  Struct object;
  auto parsed = google::protobuf::util::JsonStringToMessage(body.empty() ? "{}" : std::string(body), &object);
  if (!parsed.ok()) return absl::InvalidArgumentError(StrCat("not a JSON object: ", parsed.message().ToString()));
  RETURN_IF_ERROR(CheckFields(object));
  ASSIGN_OR_RETURN(asked.request.method, Text(object, "method", "GET"));
  ASSIGN_OR_RETURN(asked.request.address, Text(object, "address", ""));
  ASSIGN_OR_RETURN(asked.request.target, Text(object, "path", "/"));
  ASSIGN_OR_RETURN(std::string host, Text(object, "host", ""));
  ASSIGN_OR_RETURN(std::string seed, Text(object, "seed", "0"));
  ASSIGN_OR_RETURN(std::string format, Text(object, "format", "json"));
  asked.as_text = format == "text";
  asked.request.now = std::chrono::system_clock::now();
  ASSIGN_OR_RETURN(std::string client, Text(object, "client", ""));
  if (!client.empty()) {
    ASSIGN_OR_RETURN(asked.request.client, IpAddress::Parse(client), _ << "\"client\"");
  }
  ASSIGN_OR_RETURN(asked.request.client_certificate, Text(object, "clientCertificate", ""));
  if (!absl::SimpleAtoi(seed, &asked.request.seed)) {
    return absl::InvalidArgumentError("\"seed\" must be a number in a string, as the access log shows it");
  }
  RETURN_IF_ERROR(TakePort(object, asked));
  RETURN_IF_ERROR(TakeScheme(object, host, asked));
  if (!host.empty()) asked.request.fields.emplace_back("host", host);
  return TakeHeaders(object, asked);
}

}  // namespace

telemetry::StatusReply ExplainPage(const snapshot::Snapshot& snapshot, snapshot::FactSource& facts,
                                   std::string_view body) {
  Asked asked;
  Status status = Parse(body, asked);
  if (!status.ok()) return {400, "text/plain; charset=utf-8", StrCat(ToStd(status.message()), "\n")};
  snapshot::Explanation explanation = snapshot::Explain(snapshot, asked.request, facts);
  if (asked.as_text) return {200, "text/plain; charset=utf-8", snapshot::ExplanationText(explanation)};
  return {200, "application/json", snapshot::ExplanationJson(explanation)};
}

}  // namespace penstock::admin
