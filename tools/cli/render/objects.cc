#include "tools/cli/render/objects.h"

#include <map>
#include <utility>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "tools/cli/render/change_report.h"
#include "tools/cli/render/human.h"
#include "tools/cli/render/table.h"
#include "tools/cli/text.h"

namespace penstock::cli {

namespace api = ::penstock::management::v1;

namespace {

constexpr std::string_view kSecretNote =
    "# The values of a Secret are not exported. Put them in place of REDACTED, or take this document out:\n"
    "# penstock apply refuses it as it is.\n";

struct Condition {
  std::string where;  // "Gateway shop", "listener http", "" the object itself
  std::string type, status, reason, message;
};

std::string Text(const Json& json, const char* field) {
  auto it = json.find(field);
  return it != json.end() && it->is_string() ? Printable(it->get<std::string>()) : "";
}

void AppendConditions(const Json& holder, const std::string& where, std::vector<Condition>& conditions) {
  auto list = holder.find("conditions");
  if (list == holder.end() || !list->is_array()) return;
  for (const Json& c : *list) {
    if (c.is_object())
      conditions.push_back({where, Text(c, "type"), Text(c, "status"), Text(c, "reason"), Text(c, "message")});
  }
}

// Conditions stand at the object, per listener of a Gateway, per parent of a route, per ancestor of a policy.
std::vector<Condition> ConditionsOf(const Json& status) {
  std::vector<Condition> conditions;
  if (!status.is_object()) return conditions;
  AppendConditions(status, "", conditions);
  for (const Json& listener : status.value("listeners", Json::array())) {
    if (listener.is_object()) AppendConditions(listener, "listener " + Text(listener, "name"), conditions);
  }
  for (const Json& parent : status.value("parents", Json::array())) {
    if (!parent.is_object()) continue;
    Json ref = parent.value("parentRef", Json::object());
    std::string kind = Text(ref, "kind"), section = Text(ref, "sectionName");
    std::string port = ref.contains("port") ? StrCat(" port ", ref["port"].dump()) : "";
    AppendConditions(parent,
                     StrCat(kind.empty() ? "Gateway" : kind, " ", Text(ref, "name"),
                            section.empty() ? "" : " listener ", section, port),
                     conditions);
  }
  for (const Json& ancestor : status.value("ancestors", Json::array())) {
    if (!ancestor.is_object()) continue;
    Json ref = ancestor.value("ancestorRef", Json::object());
    AppendConditions(ancestor, StrCat(Text(ref, "kind"), " ", Text(ref, "name")), conditions);
  }
  return conditions;
}

Json StatusJson(const api::StoredObject& object) {
  Json status;
  return ParseJson(object.status_json(), status) ? status : Json();
}

std::string KeySummary(const Json& spec) {
  std::string expires = Text(spec, "expires");
  absl::Time end = absl::InfiniteFuture();
  bool over = absl::ParseTime(absl::RFC3339_full, expires, &end, nullptr) && end <= absl::Now();
  return StrCat("of ", Text(spec, "consumer"), expires.empty() ? "" : over ? ", expired " : ", until ", expires);
}

// "token 7d1c1a2e of https://auth.example: stolen laptop"
std::string RevocationSummary(const Json& spec) {
  std::string text;
  for (auto [field, what] :
       {std::pair{"tokenId", "token "}, {"subject", "subject "}, {"issuedBefore", "all before "}}) {
    if (std::string value = Text(spec, field); !value.empty()) text = what + value;
  }
  std::string issuer = Text(spec, "issuer");
  std::string reason = Text(spec, "reason");
  return Printable(StrCat(text, issuer.empty() ? "" : " of ", issuer, reason.empty() ? "" : ": ", reason));
}

// Of what has no conditions, what people look for in a list of them.
std::string SummaryOf(const api::StoredObject& object) {
  Json json;
  if (!ParseJson(object.json(), json) || !json.is_object()) return "-";
  Json spec = json.value("spec", Json::object());
  if (!spec.is_object()) return "-";
  if (object.ref().kind() == "ApiKey") return KeySummary(spec);
  if (object.ref().kind() == "Revocation") return RevocationSummary(spec);
  std::string plan = object.ref().kind() == "Consumer" ? Text(spec, "plan") : "";
  return plan.empty() ? "-" : StrCat("Plan ", plan);
}

// The condition types that hold everywhere; of those that do not, the first with its reason.
std::string StatusText(const api::StoredObject& object) {
  std::map<std::string, bool> holds;
  std::vector<std::string> order;
  for (const Condition& c : ConditionsOf(StatusJson(object))) {
    bool inverse = c.type == "Conflicted" || c.type == "OverlappingTLSConfig" || c.type == "PartiallyInvalid" ||
                   c.type == "InsecureFrontendValidationMode";  // False is good
    bool good = (c.status == "True") != inverse;
    if (!good) return StrCat(c.type, "=", c.status, c.reason.empty() ? "" : StrCat(" (", c.reason, ")"));
    if (!inverse && holds.emplace(c.type, true).second) order.push_back(c.type);
  }
  return order.empty() ? SummaryOf(object) : Join(order, ",");
}

}  // namespace

Json ObjectJson(const api::StoredObject& object) {
  Json json;
  if (!ParseJson(object.json(), json) || !json.is_object()) json = Json::object();
  Json status = StatusJson(object);
  if (status.is_object() && !status.empty()) json["status"] = status;
  return json;
}

std::string ObjectsTable(std::span<const api::StoredObject> objects) {
  Table table({"KIND", "NAMESPACE", "NAME", "STATUS", "CHANGED IN"});
  for (const api::StoredObject& object : objects) {
    const api::ObjectRef& ref = object.ref();
    table.Add({ref.kind(), ref.namespace_().empty() ? "-" : Printable(ref.namespace_()), Printable(ref.name()),
               StatusText(object), StrCat("generation ", object.last_generation())});
  }
  return table.Text();
}

std::string DescribeText(const api::StoredObject& object) {
  std::string text = StrCat(ObjectText(object.ref()), "\n");
  StrAppend(&text, "made in generation ", object.first_generation(), ", changed last in generation ",
            object.last_generation(), "\n");
  Table table({"", "CONDITION", "STATUS", "REASON", "MESSAGE"});
  for (const Condition& c : ConditionsOf(StatusJson(object)))
    table.Add({c.where, c.type, c.status, c.reason, c.message});
  if (!table.empty()) StrAppend(&text, "\n", table.Text());
  Json json;
  if (ParseJson(object.json(), json)) StrAppend(&text, "\n", ToYaml(json));
  return text;
}

std::string ManifestsText(std::span<const api::StoredObject> objects) {
  std::string text;
  for (const api::StoredObject& object : objects) {
    Json json;
    if (!ParseJson(object.json(), json)) continue;
    StrAppend(&text, text.empty() ? "" : "---\n", object.ref().kind() == "Secret" ? kSecretNote : "", ToYaml(json));
  }
  return text;
}

Json ListJson(std::span<const api::StoredObject> objects, bool with_status) {
  Json items = Json::array();
  for (const api::StoredObject& object : objects) {
    Json json = ObjectJson(object);
    if (!with_status) json.erase("status");
    items.push_back(std::move(json));
  }
  return {{"apiVersion", "v1"}, {"kind", "List"}, {"items", std::move(items)}};
}

}  // namespace penstock::cli
