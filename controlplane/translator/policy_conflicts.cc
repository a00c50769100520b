#include "controlplane/translator/policy_conflicts.h"

#include <algorithm>
#include <set>

#include "api/manifests/v1/clientpolicy.pb.h"
#include "api/manifests/v1/ratelimitpolicy.pb.h"
#include "api/manifests/v1/securitypolicy.pb.h"
#include "api/manifests/v1/trafficpolicy.pb.h"
#include "controlplane/manifests/text.h"
#include "controlplane/translator/policies.h"

namespace penstock::translator {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using manifests::Cat;

// How the fields of a kind are merged (access.h, policies.h): part by part, or each as a whole but ipFilter.
enum class Merge { kParts, kWhole };

constexpr std::string_view kByParts = "ipFilter";
constexpr std::string_view kNotMerged[] = {"targetRefs", "override"};

// The fields that are decided one by one, by their paths below spec.
void AddFields(const Message& message, Merge merge, const std::string& above, std::set<std::string>& fields) {
  std::vector<const FieldDescriptor*> set;
  message.GetReflection()->ListFields(message, &set);
  for (const FieldDescriptor* field : set) {
    std::string path = Cat(above, field->json_name());
    if (std::find(std::begin(kNotMerged), std::end(kNotMerged), path) != std::end(kNotMerged)) continue;
    bool in_parts = merge == Merge::kParts || path == kByParts;
    bool message_field = field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE && !field->is_repeated();
    if (in_parts && message_field) {
      AddFields(message.GetReflection()->GetMessage(message, field), merge, path + ".", fields);
    } else {
      fields.insert(std::move(path));
    }
  }
}

// A policy of one of the kinds that are merged, for one target.
struct Said {
  bool override = false;
  std::set<std::string> fields;
};

template <typename Policy>
bool Read(const manifests::Object& object, Merge merge, const ObjectKey& target, std::string_view section, Said& said) {
  const Policy* policy = object.As<Policy>();
  if (policy == nullptr || !RefersTo(policy->spec().target_refs(), target, section)) return false;
  said.override = policy->spec().override();
  AddFields(policy->spec(), merge, "", said.fields);
  return true;
}

// nullopt: it says nothing for this target.
std::optional<Said> SaidBy(const manifests::Object& object, const ObjectKey& target, std::string_view section) {
  Said said;
  bool says = Read<api::SecurityPolicy>(object, Merge::kWhole, target, section, said) ||
              Read<api::RateLimitPolicy>(object, Merge::kWhole, target, section, said) ||
              Read<api::ClientPolicy>(object, Merge::kParts, target, section, said) ||
              Read<api::TrafficPolicy>(object, Merge::kParts, target, section, said);
  return says ? std::optional<Said>(std::move(said)) : std::nullopt;
}

template <typename List, typename Text>
std::string Join(const List& list, Text text) {
  std::string joined;
  for (const auto& item : list) manifests::Append(joined, joined.empty() ? "" : ", ", text(item));
  return joined;
}

}  // namespace

std::string PolicyConflict::ToString(const ObjectKey& target) const {
  return Cat(Join(fields, [](const std::string& field) { return field; }), ": ",
             Join(with, [](const ObjectKey& key) { return key.ToString(); }),
             with.size() == 1 ? ", which goes first, says " : ", which go first, say ",
             fields.size() == 1 ? "it for " : "them for ", target.ToString());
}

std::optional<PolicyConflict> ConflictOf(const Upsert& policy, const ObjectKey& target, std::string_view section,
                                         Reader& reader) {
  const ObjectKey& key = policy.object->key();
  std::optional<Said> own = SaidBy(*policy.object, target, section);
  if (!own.has_value()) return std::nullopt;
  PolicyConflict conflict;
  std::set<std::string> taken;
  for (const Upsert* other : reader.PoliciesOn(target)) {
    if (other->object->key() == key) break;  // from here on they are younger
    if (other->object->key().kind != key.kind) continue;
    std::optional<Said> theirs = SaidBy(*other->object, target, section);
    if (!theirs.has_value() || theirs->override != own->override) continue;
    bool any = false;
    for (const std::string& field : theirs->fields) any |= own->fields.contains(field) && taken.insert(field).second;
    if (any) conflict.with.push_back(other->object->key());
  }
  if (taken.empty()) return std::nullopt;
  conflict.decides_nothing = taken.size() == own->fields.size();
  conflict.fields.assign(taken.begin(), taken.end());
  return conflict;
}

}  // namespace penstock::translator
