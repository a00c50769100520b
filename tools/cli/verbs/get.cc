#include <algorithm>

#include "dataplane/base/printable.h"
#include "dataplane/base/status.h"
#include "tools/cli/change.h"
#include "tools/cli/object_names.h"
#include "tools/cli/render/json.h"
#include "tools/cli/render/objects.h"
#include "tools/cli/text.h"
#include "tools/cli/verbs/verbs.h"

namespace penstock::cli {
namespace {

constexpr Flag kGetFlags[] = {
    {"namespace", 'n', "NAME", "only of this namespace"},
    {"selector", 'l', "LABELS", "only with these labels: set=shop,tier!=gold"},
    {"generation", 'g', "N", "as it was in that generation"},
    {"effective", 0, "",
     "of one HTTPRoute or GRPCRoute: the policies in effect on its rules, and the objects they are from"},
};

// "httproutes", "httproute products", "httproute/products", "" or "all".
absl::StatusOr<api::GetRequest> RequestOf(const CommandLine& line) {
  RETURN_IF_ERROR(line.ExpectPositionals(0, 2));
  api::GetRequest request;
  std::string kind(line.Positional(0));
  std::string name(line.Positional(1));
  if (size_t slash = kind.find('/'); slash != std::string::npos && name.empty()) {
    name = kind.substr(slash + 1);
    kind.resize(slash);
  }
  if (!kind.empty() && kind != "all") RETURN_IF_ERROR(FindKind(kind).status());
  request.set_kind(kind);
  request.set_name(name);
  request.set_namespace_(line.Get("namespace"));
  request.set_label_selector(line.Get("selector"));
  ASSIGN_OR_RETURN(uint64_t generation, line.Number("generation", 0));
  request.set_generation(generation);
  return request;
}

absl::Status NotFound(const api::GetRequest& request) {
  std::string kind = request.kind().empty() ? "object" : request.kind();
  std::string where = request.namespace_().empty() ? "" : StrCat(" in namespace ", request.namespace_());
  if (request.name().empty()) return absl::NotFoundError(StrCat("no ", kind, where));
  return absl::NotFoundError(
      StrCat("no ", kind, " \"", request.name(), "\"", where, "; `penstock get ", request.kind(), "` lists them"));
}

absl::StatusOr<std::vector<api::StoredObject>> Fetch(Invocation& call, const api::GetRequest& request) {
  ASSIGN_OR_RETURN(std::unique_ptr<Client> client, OpenClient(call));
  ASSIGN_OR_RETURN(std::vector<api::StoredObject> objects, client->Get(request, absl::Seconds(60)));
  if (objects.empty() && !request.name().empty()) return NotFound(request);
  return objects;
}

std::string EffectiveText(const api::EffectiveResponse& response) {
  constexpr size_t kType = 20;
  std::string text;
  for (const api::EffectiveRule& rule : response.rules()) {
    text += StrCat(rule.rule(), "  at listener ", rule.listener(), "\n");
    if (rule.policies().empty()) text += "  no policy\n";
    for (const api::EffectivePolicy& policy : rule.policies()) {
      std::string type = policy.type();
      type.resize(std::max(type.size() + 1, kType), ' ');
      text += StrCat("  ", type, "from ", policy.origin(), "  ", policy.does(), "\n");
    }
  }
  return text;
}

Json EffectiveJson(const api::EffectiveResponse& response) {
  Json rules = Json::array();
  for (const api::EffectiveRule& rule : response.rules()) {
    Json policies = Json::array();
    for (const api::EffectivePolicy& policy : rule.policies())
      policies.push_back({{"type", policy.type()}, {"origin", policy.origin()}, {"does", policy.does()}});
    rules.push_back({{"rule", rule.rule()}, {"listener", rule.listener()}, {"policies", policies}});
  }
  return {{"rules", rules}};
}

absl::StatusOr<Exit> RunEffective(Invocation& call, const api::GetRequest& request) {
  if (request.name().empty()) return absl::InvalidArgumentError("--effective of what? httproute NAME");
  ASSIGN_OR_RETURN(const manifests::Kind* kind, FindKind(request.kind()));
  if (kind->name != "HTTPRoute" && kind->name != "GRPCRoute") {
    return absl::InvalidArgumentError(StrCat("--effective is for HTTPRoutes and GRPCRoutes, not for ", kind->name));
  }
  api::ObjectRef route;
  route.set_kind(kind->name);
  route.set_namespace_(request.namespace_());
  route.set_name(request.name());
  ASSIGN_OR_RETURN(std::unique_ptr<Client> client, OpenClient(call));
  ASSIGN_OR_RETURN(api::EffectiveResponse response, client->Effective(route));
  if (call.console.format() == Format::kTable) {
    call.console.Out(PrintableLines(EffectiveText(response)));
  } else {
    PrintDocument(call.console, Document("EffectivePolicies", EffectiveJson(response)));
  }
  return Exit::kOk;
}

absl::StatusOr<Exit> RunGet(Invocation& call) {
  ASSIGN_OR_RETURN(api::GetRequest request, RequestOf(call.line));
  if (call.line.Has("effective")) return RunEffective(call, request);
  ASSIGN_OR_RETURN(std::vector<api::StoredObject> objects, Fetch(call, request));
  bool one = !request.name().empty() && objects.size() == 1;
  if (call.console.format() != Format::kTable) {
    PrintDocument(call.console, one ? ObjectJson(objects[0]) : ListJson(objects, /*with_status=*/true));
  } else if (objects.empty()) {
    call.console.Note(request.kind().empty() ? "nothing is applied yet" : StrCat("no ", request.kind()));
  } else {
    call.console.Out(ObjectsTable(objects));
  }
  return Exit::kOk;
}

absl::StatusOr<Exit> RunDescribe(Invocation& call) {
  ASSIGN_OR_RETURN(api::GetRequest request, RequestOf(call.line));
  if (request.name().empty()) return absl::InvalidArgumentError("describe what? KIND NAME, or KIND/NAME");
  ASSIGN_OR_RETURN(std::vector<api::StoredObject> objects, Fetch(call, request));
  if (call.console.format() != Format::kTable) {
    PrintDocument(call.console, objects.size() == 1 ? ObjectJson(objects[0]) : ListJson(objects, /*with_status=*/true));
    return Exit::kOk;
  }
  for (size_t i = 0; i < objects.size(); ++i) call.console.Out((i > 0 ? "\n" : "") + DescribeText(objects[i]));
  return Exit::kOk;
}

absl::StatusOr<Exit> RunExport(Invocation& call) {
  ASSIGN_OR_RETURN(api::GetRequest request, RequestOf(call.line));
  ASSIGN_OR_RETURN(std::vector<api::StoredObject> objects, Fetch(call, request));
  if (call.console.format() == Format::kJson) {
    PrintDocument(call.console, ListJson(objects, /*with_status=*/false));
  } else {
    call.console.Out(ManifestsText(objects));
  }
  auto is_secret = [](const api::StoredObject& object) { return object.ref().kind() == "Secret"; };
  bool secrets = std::any_of(objects.begin(), objects.end(), is_secret);
  if (secrets)
    call.console.Note(
        "the values of Secrets are not exported: REDACTED stands in their place, which `penstock apply` refuses; put "
        "them "
        "back, or take the Secrets out");
  return secrets ? Exit::kDiffers : Exit::kOk;
}

}  // namespace

const Verb kGet = {
    .name = "get",
    .group = "Look",
    .summary = "Lists objects with their status, or prints one with -o yaml",
    .arguments = "[KIND [NAME]]",
    .flags = kGetFlags,
    .shared_flags = {},
    .details = "Kinds by any of their names: HTTPRoute, httproute, httproutes, route. Without a kind: everything.",
    .example = "penstock get httproutes\npenstock get httproute products -o yaml",
    .run = RunGet,
};

const Verb kDescribe = {
    .name = "describe",
    .group = "Look",
    .summary = "Shows one object with its status, condition by condition",
    .arguments = "KIND NAME",
    .flags = kGetFlags,
    .shared_flags = {},
    .details = "",
    .example = "penstock describe gateway shop",
    .run = RunDescribe,
};

const Verb kExport = {
    .name = "export",
    .group = "Look",
    .summary = "Prints manifests that `penstock apply` takes: everything, or a kind, or one object",
    .arguments = "[KIND [NAME]]",
    .flags = kGetFlags,
    .shared_flags = {},
    .details =
        "YAML documents, or a List with -o json. The values of Secrets are left out (exit 1 if there were any): "
        "REDACTED stands in their place, and apply refuses it, so that no stored value is lost.",
    .example = "penstock export > backup.yaml",
    .run = RunExport,
};

}  // namespace penstock::cli
