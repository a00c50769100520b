#include "controlplane/translator/tls_policy_check.h"

#include <algorithm>
#include <set>
#include <string>
#include <tuple>
#include <utility>

#include "api/manifests/v1/backend.pb.h"
#include "api/manifests/v1/backendtlspolicy.pb.h"
#include "api/manifests/v1/core.pb.h"
#include "controlplane/manifests/text.h"
#include "controlplane/translator/backend_tls.h"
#include "controlplane/translator/status.h"

namespace penstock::translator {
namespace {

using manifests::Cat;

bool HasPort(const manifests::Object& target, const std::string& name) {
  const auto& ports = target.As<api::Service>()->spec().ports();
  return std::any_of(ports.begin(), ports.end(), [&](const api::ServicePort& port) { return port.name() == name; });
}

// One run over one target of one policy.
class TargetCheck {
 public:
  TargetCheck(const Upsert& policy, const api::PolicyTargetReference& ref, std::string path, Reader& reader,
              FindingSink& findings)
      : policy_(policy), ref_(ref), path_(std::move(path)), reader_(reader), findings_(findings) {}

  // Why the policy does not count for the target.
  Trouble Run() {
    bool service = ref_.kind() == "Service" && ref_.group().empty();
    bool backend = ref_.kind() == "Backend" && (ref_.group().empty() || ref_.group() == kPenstockGroup);
    if (!service && !backend) {
      std::string problem = Cat("BackendTLSPolicy cannot be attached to ", ref_.kind());
      findings_.Error(path_ + ".kind", "E104", problem, "name a Service, or a Backend of group penstock.dev");
      return {"Invalid", problem};
    }
    const std::string& ns = policy_.object->key().ns;
    ObjectKey key = service ? ServiceKey(ns, ref_.name()) : BackendKey(ns, ref_.name());
    const Upsert* target = reader_.Object(key);
    if (target == nullptr) {
      std::string problem = Cat(key.kind, " \"", key.name, "\" does not exist");
      findings_.Unresolved(path_ + ".name", "E101", problem, reader_.StepForMissing(key.name, key.ns, {key.kind}));
      return {"TargetNotFound", problem};
    }
    Trouble section = CheckSection(*target->object);
    return section.none() ? CheckOthers(key, *target->object) : section;
  }

 private:
  Trouble CheckSection(const manifests::Object& target) {
    const std::string& section = ref_.section_name();
    if (section.empty()) return {};
    bool service = target.key().kind == "Service";
    if (service && HasPort(target, section)) return {};
    std::string problem = service ? Cat(target.key().ToString(), " has no port called \"", section, "\"")
                                  : "BackendTLSPolicy applies to the whole Backend";
    if (service) {
      findings_.Unresolved(path_ + ".sectionName", "E105", problem, "ports are named by their field `name`");
    } else {
      findings_.Error(path_ + ".sectionName", "E105", problem, "remove sectionName");
    }
    return {service ? "TargetNotFound" : "Invalid", problem};
  }

  Trouble CheckOthers(const ObjectKey& key, const manifests::Object& target) {
    const api::Backend* backend = target.As<api::Backend>();
    if (backend != nullptr && backend->spec().has_tls()) {
      std::string problem = Cat(key.ToString(), " has spec.tls itself");
      findings_.Error(path_, "E120", problem, "remove one of the two");
      return {"Conflicted", problem};
    }
    const Upsert* first = OldestPolicyFor(key, ref_.section_name(), reader_);
    if (first == nullptr || first->object->key() == policy_.object->key()) return {};
    std::string problem = Cat(first->object->key().ToString(), " has the target and goes first");
    findings_.Warning(path_, "W212", Cat("this policy does not count here: ", problem), "remove one of the two");
    return {"Conflicted", problem};
  }

  const Upsert& policy_;
  const api::PolicyTargetReference& ref_;
  std::string path_;
  Reader& reader_;
  FindingSink& findings_;
};

void CheckDistinct(const api::BackendTLSPolicySpec& spec, FindingSink& findings) {
  std::set<std::tuple<std::string, std::string, std::string>> seen;
  for (int i = 0; i < spec.target_refs_size(); ++i) {
    const api::PolicyTargetReference& ref = spec.target_refs(i);
    if (seen.emplace(ref.kind(), ref.name(), ref.section_name()).second) continue;
    findings.Error(Cat("spec.targetRefs[", i, "]"), "E020", Cat(ref.kind(), " \"", ref.name(), "\" is named twice"),
                   "remove one, or name different ports");
  }
}

void AddAncestor(const api::PolicyTargetReference& target, const Trouble& accepted, const Trouble& refs,
                 uint64_t generation, api::PolicyStatus& status) {
  api::PolicyAncestorStatus& ancestor = *status.add_ancestors();
  api::ParentReference& ref = *ancestor.mutable_ancestor_ref();
  ref.set_group(target.kind() == "Backend" ? std::string(kPenstockGroup) : target.group());
  ref.set_kind(target.kind());
  ref.set_name(target.name());
  ref.set_section_name(target.section_name());
  ancestor.set_controller_name(std::string(kControllerName));
  auto add = [&](std::string_view type, const Trouble& trouble) {
    *ancestor.add_conditions() =
        MakeCondition(type, trouble.none(), trouble.none() ? type : trouble.reason, trouble.message, generation);
  };
  add("Accepted", accepted);
  add("ResolvedRefs", refs);
}

}  // namespace

void CheckBackendTlsPolicy(const Upsert& policy, Reader& reader, FindingSink& findings, CheckOutput& output) {
  const api::BackendTLSPolicySpec& spec = policy.object->As<api::BackendTLSPolicy>()->spec();
  CheckDistinct(spec, findings);
  ResolvedTls resolved = ResolveBackendTls(SourceOf(*policy.object), reader, findings);
  auto status = std::make_shared<api::ObjectStatus>();
  status->mutable_policy();
  for (int i = 0; i < spec.target_refs_size(); ++i) {
    const api::PolicyTargetReference& ref = spec.target_refs(i);
    Trouble target = TargetCheck(policy, ref, Cat("spec.targetRefs[", i, "]"), reader, findings).Run();
    AddAncestor(ref, target.none() ? resolved.accepted : target, resolved.refs, policy.last_generation,
                *status->mutable_policy());
  }
  output.status = std::move(status);
}

}  // namespace penstock::translator
