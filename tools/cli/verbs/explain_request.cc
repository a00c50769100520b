#include "tools/cli/verbs/explain_request.h"

#include <algorithm>
#include <iterator>

#include "controlplane/manifests/finding.h"
#include "dataplane/base/printable.h"
#include "dataplane/base/status.h"
#include "tools/cli/change.h"
#include "tools/cli/offline.h"
#include "tools/cli/render/change_report.h"
#include "tools/cli/render/json.h"
#include "tools/cli/text.h"

namespace penstock::cli {
namespace {

std::string HostHeader(const api::ExplainRequest& request) {
  for (const api::Header& header : request.headers()) {
    if (EqualsIgnoreCase(header.name(), "host")) return header.value();
  }
  return "";
}

bool IsMethod(std::string_view word) {
  constexpr std::string_view kMethods[] = {"GET",    "HEAD",    "POST",  "PUT",    "PATCH",
                                           "DELETE", "OPTIONS", "TRACE", "CONNECT"};
  return std::find(std::begin(kMethods), std::end(kMethods), word) != std::end(kMethods);
}

// "shop.example/users" is http; "/users" and "*" are for the host that -H names. Without any, nobody knows the
// listener.
absl::StatusOr<std::string> WholeUrl(const api::ExplainRequest& request, const std::string& url) {
  if (StrContains(url, "://")) return url;
  if (IsMethod(url)) {
    return absl::InvalidArgumentError(
        StrCat("the URL is missing; write: penstock explain request ", url, " http://HOST:PORT/PATH"));
  }
  if (!StartsWith(url, "/") && url != "*") return "http://" + url;
  std::string host = HostHeader(request);
  if (!host.empty()) return StrCat("http://", host, url);
  return absl::InvalidArgumentError(StrCat(
      "\"", url, "\" names no host and port, which decide the listener; write them:\n  penstock explain request ",
      request.method(), " http://HOST:PORT", url, "    (penstock get gateways -o yaml shows the listeners)"));
}

// What every client sends, unless -H says otherwise.
void AddHost(api::ExplainRequest& request) {
  if (!HostHeader(request).empty()) return;
  std::string_view rest = std::string_view(request.url()).substr(request.url().find("://") + 3);
  api::Header& host = *request.add_headers();
  host.set_name("host");
  host.set_value(std::string(rest.substr(0, rest.find_first_of("/?#*"))));
}

// "replica/edge-1" names the replica edge-1; "" none.
absl::StatusOr<std::string> ReplicaOf(const CommandLine& line) {
  const std::string from = line.Get("from");
  if (!line.Has("from")) return from;
  constexpr std::string_view kPrefix = "replica/";
  if (StartsWith(from, kPrefix) && from.size() > kPrefix.size()) return from.substr(kPrefix.size());
  return absl::InvalidArgumentError(
      StrCat("--from=", from, ": write --from=replica/ID; `penstock status` lists the replicas"));
}

absl::StatusOr<api::ExplainRequest> RequestOf(const CommandLine& line) {
  RETURN_IF_ERROR(line.ExpectPositionals(2, 3));
  api::ExplainRequest request;
  bool has_method = line.Positionals().size() == 3;
  request.set_method(has_method ? std::string(line.Positional(1)) : "GET");
  std::string url(line.Positional(has_method ? 2 : 1));
  for (const std::string& header : line.All("header")) {
    std::pair<std::string_view, std::string_view> field = SplitOnce(header, ':');
    if (field.first.empty() || !StrContains(header, ":")) {
      return absl::InvalidArgumentError(StrCat("-H '", header, "': write 'NAME: VALUE'"));
    }
    if (header.find_first_of(std::string_view("\r\n\0", 3)) != std::string::npos) {
      return absl::InvalidArgumentError(
          StrCat("-H '", field.first, ": ...': no field has a line break in it; repeat -H for another one"));
    }
    api::Header& added = *request.add_headers();
    added.set_name(std::string(StripWhitespace(field.first)));
    added.set_value(std::string(StripWhitespace(field.second)));
  }
  ASSIGN_OR_RETURN(*request.mutable_url(), WholeUrl(request, url));
  AddHost(request);
  ASSIGN_OR_RETURN(uint64_t seed, line.Number("seed", 0));
  request.set_seed(seed);
  request.set_client(std::string(line.Get("client")));
  request.set_client_certificate(std::string(line.Get("client-certificate")));
  ASSIGN_OR_RETURN(*request.mutable_replica(), ReplicaOf(line));
  return request;
}

// What a client says about another one counts only if it is a proxy that a listener trusts, which nobody here is.
void NoteForwarding(const api::ExplainRequest& request, Console& console) {
  for (const api::Header& header : request.headers()) {
    if (!EqualsIgnoreCase(header.name(), "x-forwarded-for") && !EqualsIgnoreCase(header.name(), "forwarded")) continue;
    console.Note(StrCat("note: ", header.name(),
                        " is not looked at; --client ADDRESS says who asks, behind whatever "
                        "proxies there are"));
  }
}

// A replica that is busy or gone is nothing that is wrong with the question.
absl::Status OfReplica(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kAborted:
    case absl::StatusCode::kFailedPrecondition:
    case absl::StatusCode::kResourceExhausted:
      return absl::UnavailableError(status.message());
    default:
      return status;
  }
}

// A call carries texts in UTF-8 and nothing else; files are asked here, by whatever bytes a client would send.
absl::Status CheckCanBeSent(const api::ExplainRequest& request) {
  constexpr std::string_view kWhy =
      " has bytes that are not UTF-8, about which a control plane cannot be asked; leave them out, or ask the "
      "manifests with -f";
  for (const api::Header& header : request.headers()) {
    if (ToUtf8(header.name()) != header.name() || ToUtf8(header.value()) != header.value())
      return absl::InvalidArgumentError(StrCat("-H '", header.name(), ": ...'", kWhy));
  }
  if (ToUtf8(request.client_certificate()) != request.client_certificate())
    return absl::InvalidArgumentError(StrCat("--client-certificate", kWhy));
  if (ToUtf8(request.url()) != request.url()) return absl::InvalidArgumentError(StrCat(request.url(), kWhy));
  return absl::OkStatus();
}

absl::StatusOr<api::ExplainResponse> AskControlPlane(Invocation& call, const api::ExplainRequest& request) {
  RETURN_IF_ERROR(CheckCanBeSent(request));
  ASSIGN_OR_RETURN(std::unique_ptr<Client> client, OpenClient(call));
  absl::StatusOr<api::ExplainResponse> response = client->Explain(request);
  if (!response.ok() && !request.replica().empty()) return OfReplica(response.status());
  return response;
}

absl::StatusOr<api::ExplainResponse> AskFiles(Invocation& call, const api::ExplainRequest& request) {
  if (!request.replica().empty()) return absl::InvalidArgumentError("--from asks a replica, -f asks files: give one");
  ASSIGN_OR_RETURN(std::vector<ManifestFile> files, ReadManifests(call.line.All("file")));
  Checked checked = CheckFiles(files, {.default_namespace = std::string(call.line.Get("namespace", "default"))});
  if (manifests::HasErrors(checked.findings)) {
    call.console.Error(FindingsText(checked.findings, files, call.console.err_colour()));
    return absl::FailedPreconditionError("these manifests have errors, so no data plane would serve them");
  }
  return ExplainState(checked.state, request);
}

}  // namespace

absl::StatusOr<Exit> ExplainRequest(Invocation& call) {
  ASSIGN_OR_RETURN(api::ExplainRequest request, RequestOf(call.line));
  NoteForwarding(request, call.console);
  const bool offline = call.line.Has("file");
  ASSIGN_OR_RETURN(api::ExplainResponse response, offline ? AskFiles(call, request) : AskControlPlane(call, request));
  Exit exit = response.routed() ? Exit::kOk : Exit::kNoRoute;
  if (call.console.format() == Format::kTable) {
    std::string text = PrintableLines(response.text());
    if (text.empty() || text.back() != '\n') text += '\n';
    call.console.Out(text);
    return exit;
  }
  Json explanation;
  if (!ParseJson(response.json(), explanation)) explanation = Json::object();
  PrintDocument(call.console,
                Document("Explanation", {{"exit", static_cast<int>(exit)}, {"explanation", explanation}}));
  return exit;
}

}  // namespace penstock::cli
