#include "controlplane/translator/client_policy_check.h"

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include "controlplane/manifests/text.h"
#include "controlplane/translator/listener_sets.h"
#include "controlplane/translator/policies.h"
#include "controlplane/translator/values.h"

namespace penstock::translator {
namespace {

using manifests::Cat;

// A field that counts on some listeners only. Where it counts on none, somebody relies on what is not there.
struct ListenerField {
  std::string_view path;
  bool (*is_set)(const api::ClientPolicySpec& spec);
  bool (*counts_on)(const ListenerOutput& listener);
  std::string_view problem;
  std::string_view hint;
};
constexpr ListenerField kFields[] = {
    {"spec.clientCertificate", [](const api::ClientPolicySpec& s) { return s.has_client_certificate(); }, AsksClients,
     "asks no client for a certificate here", "write spec.tls.frontend.default.validation into the Gateway"},
    {"spec.tls", [](const api::ClientPolicySpec& s) { return s.has_tls(); },
     [](const ListenerOutput& l) { return l.tls.has_value(); }, "ends no TLS here",
     "remove it, or use listeners of protocol HTTPS, or TLS with mode Terminate"},
    {"spec.http2.priorKnowledge", [](const api::ClientPolicySpec& s) { return s.http2().prior_knowledge(); },
     [](const ListenerOutput& l) { return l.protocol == "HTTP"; }, "has no listener of protocol HTTP here",
     "remove it: HTTPS listeners agree on HTTP/2 in the handshake"},
    {"spec.proxyProtocol", [](const api::ClientPolicySpec& s) { return s.proxy_protocol() == "Required"; },
     [](const ListenerOutput& l) { return l.transport != Transport::kUdp; }, "has only UDP listeners here",
     "remove it: datagrams carry no PROXY protocol"},
};

// The Gateway that a target is or belongs to.
ObjectKey GatewayOf(const ObjectKey& target, Reader& reader) {
  if (target.kind != "ListenerSet") return target;
  const Upsert* set = reader.Object(target);
  return set == nullptr ? ObjectKey() : ParentOf(*set->object);
}

// One run over one target of a policy.
class TargetCheck {
 public:
  TargetCheck(const api::ClientPolicySpec& spec, const ObjectKey& policy, const api::PolicyTargetReference& ref,
              Reader& reader, FindingSink& findings)
      : spec_(spec), reader_(reader), findings_(findings) {
    ObjectKey target =
        ref.kind() == "ListenerSet" ? ListenerSetKey(policy.ns, ref.name()) : GatewayKey(policy.ns, ref.name());
    who_ = Cat(target.kind, " \"", target.name, "\"");
    gateway_ = GatewayOf(target, reader);
    const GatewayOutput* output = reader.Gateway(gateway_);
    if (output == nullptr || !output->ours) return;
    for (const ListenerOutput& listener : output->listeners) {
      // A policy on a Gateway is one on its ListenerSets, too.
      bool of_target = listener.owner == target || (gateway_ == target && ref.section_name().empty());
      bool named = ref.section_name().empty() || ref.section_name() == listener.name;
      if (of_target && named) listeners_.push_back(&listener);
    }
  }

  void Run() {
    if (listeners_.empty()) return;
    for (const ListenerField& field : kFields) {
      auto counts = [&](const ListenerOutput* listener) { return field.counts_on(*listener); };
      if (!field.is_set(spec_) || std::any_of(listeners_.begin(), listeners_.end(), counts)) continue;
      findings_.Error(field.path, "E130", Cat(who_, " ", field.problem), std::string(field.hint));
    }
    CheckTrust();
  }

 private:
  // Whoever may connect could say that he is somebody else.
  void CheckTrust() {
    if (spec_.proxy_protocol() != "Required") return;
    for (const ListenerOutput* listener : listeners_) {
      api::ClientPolicySpec effective = EffectiveClientPolicy(gateway_, listener->owner, listener->name, reader_);
      bool trusts = !effective.trusted_proxies().cidrs().empty() || effective.trusted_proxies().unix_sockets();
      if (trusts || effective.proxy_protocol() != "Required" || listener->transport == Transport::kUdp) continue;
      findings_.Error("spec.proxyProtocol", "E121",
                      Cat("nobody is trusted to say who the clients of listener \"", listener->name, "\" are"),
                      "name the proxies in front in trustedProxies.cidrs");
      return;
    }
  }

  const api::ClientPolicySpec& spec_;
  Reader& reader_;
  FindingSink& findings_;
  std::string who_;
  ObjectKey gateway_;
  std::vector<const ListenerOutput*> listeners_;
};

void CheckNames(const api::ClientPolicySpec& spec, FindingSink& findings) {
  const auto& names = spec.client_certificate().subject_alt_names();
  for (int i = 0; i < names.size(); ++i) {
    std::string path = Cat("spec.clientCertificate.subjectAltNames[", i, "].value");
    const std::string& value = names[i].value();
    if (names[i].type() == "IP" && !IsIpAddress(value)) {
      findings.Error(path, "E121", Cat("\"", value, "\" is not an IP address"));
    } else if (names[i].type() == "DNS" && !IsHostname(Lower(value))) {
      findings.Error(path, "E121", Cat("\"", value, "\" is not a host name"), "names are compared whole: no wildcard");
    }
  }
}

}  // namespace

void CheckClientPolicy(const api::ClientPolicySpec& spec, const ObjectKey& policy, Reader& reader,
                       FindingSink& findings) {
  CheckNames(spec, findings);
  for (const api::PolicyTargetReference& ref : spec.target_refs()) {
    if (ref.kind() != "Gateway" && ref.kind() != "ListenerSet") continue;
    TargetCheck(spec, policy, ref, reader, findings).Run();
  }
}

}  // namespace penstock::translator
