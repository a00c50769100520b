#include "dataplane/admin/explain_page.h"

#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>

#include <algorithm>
#include <deque>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "dataplane/base/arena.h"
#include "dataplane/base/status.h"
#include "dataplane/http/uri.h"
#include "dataplane/snapshot/explain.h"

namespace penstock::admin {
namespace {

using google::protobuf::Struct;
using google::protobuf::Value;

constexpr std::string_view kFields[] = {"method", "host", "path", "headers", "port", "address", "seed", "format"};

// The request and everything that its views look into.
struct Asked {
  snapshot::ExplainRequest request;
  http::Headers headers;
  std::deque<std::string> texts;
  Arena arena;
  bool as_text = false;
};

Status CheckFields(const Struct& object) {
  for (const auto& [name, value] : object.fields()) {
    if (std::find(std::begin(kFields), std::end(kFields), name) == std::end(kFields)) {
      return absl::InvalidArgumentError(
          StrCat("unknown field \"", name, "\"; known: method, host, path, headers, port, address, seed, format"));
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
    asked.texts.push_back(absl::AsciiStrToLower(name));
    std::string_view lower = asked.texts.back();
    asked.texts.push_back(value.string_value());
    asked.headers.Add(lower, asked.texts.back());
  }
  asked.request.headers = &asked.headers;
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

// The path and host as a listener with the default settings sees them.
Status TakeTarget(std::string path, const std::string& host, Asked& asked) {
  size_t question = path.find('?');
  if (question != std::string::npos) asked.request.query = path.substr(question + 1);
  asked.texts.push_back(path.substr(0, question));
  std::string_view canonical;
  http::TargetResult result =
      http::CanonicalPath(asked.texts.back(), http::EscapedSlashes::kReject, asked.arena, canonical);
  if (result == http::TargetResult::kOk) asked.request.path = std::string(canonical);
  if (result == http::TargetResult::kOk && !host.empty()) {
    http::Authority authority;
    asked.texts.push_back(host);
    result = http::CanonicalAuthority(asked.texts.back(), asked.arena, authority);
    asked.request.host = std::string(authority.host);
  }
  if (result == http::TargetResult::kOk) return absl::OkStatus();
  return absl::InvalidArgumentError(StrCat("such a request is refused with 400: ", http::TargetResultText(result)));
}

Status Parse(std::string_view body, Asked& asked) {
  Struct object;
  auto parsed = google::protobuf::util::JsonStringToMessage(body.empty() ? "{}" : std::string(body), &object);
  if (!parsed.ok()) return absl::InvalidArgumentError(StrCat("not a JSON object: ", parsed.message().ToString()));
  RETURN_IF_ERROR(CheckFields(object));
  ASSIGN_OR_RETURN(asked.request.method, Text(object, "method", "GET"));
  ASSIGN_OR_RETURN(asked.request.address, Text(object, "address", ""));
  ASSIGN_OR_RETURN(std::string path, Text(object, "path", "/"));
  ASSIGN_OR_RETURN(std::string host, Text(object, "host", ""));
  ASSIGN_OR_RETURN(std::string seed, Text(object, "seed", "0"));
  ASSIGN_OR_RETURN(std::string format, Text(object, "format", "json"));
  asked.as_text = format == "text";
  if (!absl::SimpleAtoi(seed, &asked.request.seed)) {
    return absl::InvalidArgumentError("\"seed\" must be a number in a string, as the access log shows it");
  }
  RETURN_IF_ERROR(TakePort(object, asked));
  RETURN_IF_ERROR(TakeHeaders(object, asked));
  return TakeTarget(std::move(path), host, asked);
}

}  // namespace

telemetry::StatusReply ExplainPage(const snapshot::Snapshot& snapshot, std::string_view body) {
  Asked asked;
  Status status = Parse(body, asked);
  if (!status.ok()) return {400, "text/plain; charset=utf-8", StrCat(ToStd(status.message()), "\n")};
  snapshot::Explanation explanation = snapshot::Explain(snapshot, asked.request);
  if (asked.as_text) return {200, "text/plain; charset=utf-8", snapshot::ExplanationText(explanation)};
  return {200, "application/json", snapshot::ExplanationJson(explanation)};
}

}  // namespace penstock::admin
