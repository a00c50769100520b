#include "controlplane/management/explain.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "dataplane/base/arena.h"
#include "dataplane/base/status.h"
#include "dataplane/base/strings.h"
#include "dataplane/http/message.h"
#include "dataplane/http/uri.h"
#include "dataplane/snapshot/explain.h"

namespace penstock::management {
namespace {

constexpr size_t kMaxUrlBytes = 8192;
constexpr size_t kMaxHeaders = 100;
constexpr size_t kMaxHeaderBytes = 60 << 10;

using snapshot::Explanation;

absl::StatusOr<std::string_view> SchemeOf(std::string_view url) {
  for (std::string_view scheme : {"http", "https"}) {
    if (url.starts_with(StrCat(scheme, "://"))) return scheme;
  }
  return absl::InvalidArgumentError(
      StrCat("\"", url.substr(0, 200), "\" is not a URL like http://shop.example/products"));
}

// "shop.example:8080" of "http://shop.example:8080/products?page=2".
std::string_view AuthorityOf(std::string_view url, std::string_view scheme) {
  const std::string_view rest = url.substr(scheme.size() + 3);
  return rest.substr(0, rest.find_first_of("/?"));
}

absl::Status TakeHeaders(const management::v1::ExplainRequest& request, Arena& arena, http::Headers& headers) {
  size_t bytes = 0;
  if (request.headers_size() > static_cast<int>(kMaxHeaders)) {
    return absl::InvalidArgumentError(StrCat("more than ", kMaxHeaders, " headers"));
  }
  for (const management::v1::Header& header : request.headers()) {
    bytes += header.name().size() + header.value().size();
    if (header.name().empty() || bytes > kMaxHeaderBytes) {
      return absl::InvalidArgumentError("a header without a name, or more than 60 KiB of headers");
    }
    std::string name = header.name();
    std::transform(name.begin(), name.end(), name.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    headers.Add(arena.Copy(name), header.value());
  }
  return absl::OkStatus();
}

// The best answer of all groups: a route, else at least a listener.
Explanation AskAll(const std::map<std::string, rollout::SnapshotPtr>& snapshots,
                   const snapshot::ExplainRequest& request) {
  std::optional<Explanation> best;
  for (const auto& [group, snapshot] : snapshots) {
    Explanation explanation = snapshot::Explain(*snapshot, request);
    if (explanation.outcome == Explanation::Outcome::kRouted) return explanation;
    const bool better = !best.has_value() || (best->outcome == Explanation::Outcome::kNoListener &&
                                              explanation.outcome == Explanation::Outcome::kNoRoute);
    if (better) best = std::move(explanation);
  }
  return std::move(best).value_or(Explanation());
}

}  // namespace

absl::StatusOr<management::v1::ExplainResponse> Explain(const std::map<std::string, rollout::SnapshotPtr>& snapshots,
                                                        const management::v1::ExplainRequest& request) {
  if (request.url().size() > kMaxUrlBytes) return absl::InvalidArgumentError("the URL is longer than 8 KiB");
  ASSIGN_OR_RETURN(const std::string_view scheme, SchemeOf(request.url()));
  const std::string method = request.method().empty() ? "GET" : request.method();
  Arena arena;
  http::RequestHead head;
  head.method_text = method;
  head.target = request.url();
  RETURN_IF_ERROR(TakeHeaders(request, arena, head.headers));
  // A client that names the host in the target sends the field as well.
  if (!head.headers.Has("host")) head.headers.Add("host", AuthorityOf(request.url(), scheme));
  const http::TargetResult target = http::ResolveTarget(head, scheme, http::EscapedSlashes::kReject, arena);
  if (target != http::TargetResult::kOk) {
    return absl::InvalidArgumentError(StrCat("the URL would be refused: ", http::TargetResultText(target)));
  }
  snapshot::ExplainRequest question;
  question.port = head.port != 0 ? head.port : scheme == "https" ? 443 : 80;
  question.method = method;
  question.host = std::string(head.host);
  question.path = std::string(head.path);
  question.query = std::string(head.query);
  question.headers = &head.headers;
  question.seed = request.seed();
  const Explanation explanation = AskAll(snapshots, question);
  management::v1::ExplainResponse response;
  response.set_routed(explanation.outcome == Explanation::Outcome::kRouted);
  response.set_text(snapshot::ExplanationText(explanation));
  response.set_json(snapshot::ExplanationJson(explanation));
  return response;
}

}  // namespace penstock::management
