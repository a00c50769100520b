#include "controlplane/translator/support_table.h"

#include <map>
#include <string_view>

#include "api/manifests/v1/backendtlspolicy.pb.h"
#include "api/manifests/v1/core.pb.h"
#include "api/manifests/v1/gateway.pb.h"
#include "api/manifests/v1/grpcroute.pb.h"
#include "api/manifests/v1/httproute.pb.h"
#include "api/manifests/v1/layer4.pb.h"
#include "api/manifests/v1/listenerset.pb.h"
#include "api/manifests/v1/referencegrant.pb.h"
#include "api/manifests/v1/schema.pb.h"
#include "controlplane/manifests/text.h"

namespace penstock::translator {
namespace {

namespace api = manifests::v1;
using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using manifests::Append;
using manifests::Cat;

// Fields that are read but whose values are not all supported: what the rules of a single field cannot say.
struct Note {
  std::string_view kind;
  std::string_view path;
  std::string_view note;
};
// Checked where the data plane's configuration is compiled.
constexpr std::string_view kNotFraming =
    "in part: host, and fields that frame a message or belong to one hop (content-length, transfer-encoding, "
    "connection, te, trailer, upgrade, ...), are refused: a gateway that let them be written could be made to smuggle "
    "requests; host is changed by URLRewrite";
constexpr Note kNotes[] = {
    {"Gateway", "spec.addresses[].type",
     "in part: IPAddress, and our own penstock.dev/UnixSocket; Hostname is refused, a data plane can only bind an "
     "address"},
    {"Gateway", "spec.listeners[].allowedRoutes.kinds[].kind",
     "in part: HTTPRoute and GRPCRoute on HTTP and HTTPS, TLSRoute on TLS, TCPRoute on TCP, UDPRoute on UDP"},
    {"Gateway", "spec.listeners[].tls.certificateRefs[].kind",
     "in part: Secret, of any type that has tls.crt and tls.key"},
    {"Gateway", "spec.listeners[].tls.options", "in part: penstock.dev/min-version; other options are refused"},
    {"Gateway", "spec.tls.frontend.default.validation.caCertificateRefs[].kind",
     "in part: ConfigMap and Secret with ca.crt; others are refused"},
    {"HTTPRoute", "spec.parentRefs[].kind", "in part: Gateway and ListenerSet; others are refused"},
    {"HTTPRoute", "spec.rules[].filters[].requestHeaderModifier.set[].name", kNotFraming},
    {"HTTPRoute", "spec.rules[].filters[].requestHeaderModifier.remove[]", kNotFraming},
    {"HTTPRoute", "spec.rules[].filters[].extensionRef", "refused: there are no extensions to name in this release"},
    {"HTTPRoute", "spec.rules[].backendRefs[].kind",
     "in part: Service, and Backend of penstock.dev; without a kind a Service of the name, else a Backend"},
    {"HTTPRoute", "spec.rules[].matches[].path.type", "yes; RegularExpression is RE2 and matches the whole path"},
    {"GRPCRoute", "spec.parentRefs[].kind", "in part: Gateway and ListenerSet; others are refused"},
    {"GRPCRoute", "spec.hostnames[]",
     "yes; an HTTPRoute may serve the same host on the same listener, the more specific match wins (the standard would "
     "refuse one of them)"},
    {"GRPCRoute", "spec.rules[].matches[].method.type",
     "yes; RegularExpression is RE2 and matches the whole service and the whole method"},
    {"GRPCRoute", "spec.rules[].filters[].extensionRef", "refused: there are no extensions to name in this release"},
    {"GRPCRoute", "spec.rules[].backendRefs[].kind",
     "in part: Service, and Backend of penstock.dev; without a kind a Service of the name, else a Backend"},
    {"TLSRoute", "spec.parentRefs[].kind", "in part: Gateway and ListenerSet; others are refused"},
    {"TLSRoute", "spec.rules[].backendRefs[].kind",
     "in part: Service, and Backend of penstock.dev; without a kind a Service of the name, else a Backend"},
    {"TCPRoute", "spec.parentRefs[].kind", "in part: Gateway and ListenerSet; others are refused"},
    {"TCPRoute", "spec.rules[]", "in part: one rule"},
    {"BackendTLSPolicy", "spec.targetRefs[].kind", "in part: Service, and Backend of penstock.dev"},
    {"BackendTLSPolicy", "spec.validation.caCertificateRefs[].kind",
     "in part: ConfigMap and Secret with ca.crt; others are refused"},
    {"BackendTLSPolicy", "spec.validation.subjectAltNames[].hostname", "in part: without a wildcard"},
    {"BackendTLSPolicy", "spec.options", "in part: penstock.dev/min-version; other options are refused"},
    {"Gateway", "spec.tls.backend.clientCertificateRef.kind",
     "in part: Secret, of any type that has tls.crt and tls.key"},
    {"Service", "spec.ports[].appProtocol",
     "in part: http, https, grpc, kubernetes.io/h2c, kubernetes.io/ws, kubernetes.io/wss; other values say nothing"},
    {"UDPRoute", "spec.parentRefs[].kind", "in part: Gateway and ListenerSet; others are refused"},
    {"UDPRoute", "spec.rules[]", "in part: one rule"},
    {"ListenerSet", "spec.parentRef.kind", "in part: Gateway; others are refused"},
    {"ListenerSet", "spec.listeners[]", "yes, as `spec.listeners[]` of a Gateway"},
};

std::string_view NoteOf(std::string_view kind, std::string_view path) {
  for (const Note& note : kNotes) {
    if (note.kind == kind && note.path == path) return note.note;
  }
  return "";
}

bool IsMessage(const FieldDescriptor* field) {
  return field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE && !field->is_map() &&
         field->message_type()->full_name() != "google.protobuf.Value";
}

// One kind. A message that occurs again is described once.
class KindSection {
 public:
  KindSection(std::string_view kind, std::string& page) : kind_(kind), page_(page) {}

  void AddFields(const Descriptor* type, const std::string& above) {
    for (int i = 0; i < type->field_count(); ++i) {
      const FieldDescriptor* field = type->field(i);
      bool header =
          above.empty() && (field->name() == "api_version" || field->name() == "kind" || field->name() == "metadata");
      if (header) continue;
      std::string path = above.empty() ? field->json_name() : Cat(above, ".", field->json_name());
      if (field->is_repeated() && !field->is_map()) path += "[]";
      AddField(field, path);
    }
  }

 private:
  void AddField(const FieldDescriptor* field, const std::string& path) {
    const api::FieldRules& rules = field->options().GetExtension(api::rules);
    if (!rules.unsupported().empty()) {
      Row(path, Cat("refused: ", rules.unsupported()));
    } else if (!rules.ignored().empty()) {
      Row(path, Cat("accepted and dropped: ", rules.ignored()));
    } else if (std::string_view note = NoteOf(kind_, path); !note.empty()) {
      Row(path, std::string(note));
    } else if (!IsMessage(field)) {
      Row(path, "yes");
    } else if (auto [first, fresh] = seen_.try_emplace(field->message_type()->full_name(), path); !fresh) {
      Row(path, Cat("yes, as `", first->second, "`"));
    } else {
      AddFields(field->message_type(), path);
    }
  }

  void Row(const std::string& path, const std::string& text) { Append(page_, "| `", path, "` | ", text, " |\n"); }

  std::string_view kind_;
  std::string& page_;
  std::map<std::string, std::string> seen_;
};

}  // namespace

std::string SupportTable() {
  std::string page =
      "# Gateway API: what is supported, field by field\n\n"
      "The text that decides is release v1.5, Standard channel. What this release cannot do is refused with the field "
      "and the "
      "reason; nothing is ignored silently. Penstock does not claim conformance yet. TCPRoute and UDPRoute are of the "
      "Experimental channel.\n\n"
      "This page is generated from the rules that the decoder checks.\n";
  const Descriptor* kinds[] = {
      api::GatewayClass::descriptor(),   api::Gateway::descriptor(),   api::ListenerSet::descriptor(),
      api::HTTPRoute::descriptor(),      api::GRPCRoute::descriptor(), api::TLSRoute::descriptor(),
      api::TCPRoute::descriptor(),       api::UDPRoute::descriptor(),  api::BackendTLSPolicy::descriptor(),
      api::ReferenceGrant::descriptor(), api::Namespace::descriptor(), api::Service::descriptor(),
      api::EndpointSlice::descriptor(),
  };
  for (const Descriptor* kind : kinds) {
    const api::KindRules& rules = kind->options().GetExtension(api::kind);
    Append(page, "\n## ", rules.kind(), " (", rules.group().empty() ? "" : Cat(rules.group(), "/"), rules.versions(0),
           ")\n\n");
    page += "| field | supported |\n|---|---|\n";
    KindSection(rules.kind(), page).AddFields(kind, "");
  }
  return page;
}

}  // namespace penstock::translator
