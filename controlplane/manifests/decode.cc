#include "controlplane/manifests/decode.h"

#include <algorithm>

#include "api/manifests/v1/core.pb.h"
#include "controlplane/manifests/message_decoder.h"
#include "controlplane/manifests/nearest.h"
#include "controlplane/manifests/scalar.h"
#include "controlplane/manifests/text.h"
#include "google/protobuf/reflection.h"

namespace penstock::manifests {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

// What a document says it is, before anything is checked.
struct Identity {
  const Node* api_version = nullptr;
  const Node* kind = nullptr;
  const Node* metadata = nullptr;
  std::string group = "";
  std::string version = "";

  static std::string TextOf(const Node* node) {
    return node != nullptr && node->kind == NodeKind::kScalar ? node->text : std::string();
  }
};

Identity Identify(const Node& root) {
  Identity identity{.api_version = FindMember(root, "apiVersion"),
                    .kind = FindMember(root, "kind"),
                    .metadata = FindMember(root, "metadata")};
  std::string api_version = Identity::TextOf(identity.api_version);
  size_t slash = api_version.find('/');
  bool has_group = slash != std::string::npos;
  identity.group = has_group ? api_version.substr(0, slash) : "";
  identity.version = has_group ? api_version.substr(slash + 1) : api_version;
  return identity;
}

// As in messages, from what is there: "HTTPRoute default/products", "HTTPRoute" without a name.
std::string NameForMessages(const Identity& identity, const DecodeOptions& options, const Kind* kind) {
  std::string kind_name = Identity::TextOf(identity.kind).substr(0, 63);
  if (identity.metadata == nullptr) return kind_name;
  std::string name = Identity::TextOf(FindMember(*identity.metadata, "name"));
  if (name.empty()) return kind_name;
  std::string ns = Identity::TextOf(FindMember(*identity.metadata, "namespace"));
  if (ns.empty() && kind != nullptr && !kind->cluster_scoped) ns = options.default_namespace;
  return ObjectKey{.group = "", .kind = kind_name, .ns = ns.substr(0, 63), .name = name.substr(0, 253)}.ToString();
}

// A word of `root` that is nearly `key`, for documents that write `Kind:` or `apiversion:`.
std::string NearKey(const Node& root, std::string_view key) {
  for (const Node::Member& member : root.members) {
    std::string_view wanted[] = {key};
    if (!Nearest(member.key->text, wanted).empty()) return Cat("write ", key, " instead of ", Quoted(member.key->text));
  }
  return Cat("write ", key, ": ", key == "kind" ? "HTTPRoute" : "gateway.networking.k8s.io/v1",
             " or that of another kind");
}

void ReportUnknownKind(const Identity& identity, const KindTable& kinds, FindingSink& sink) {
  const std::string& name = identity.kind->text;
  const Kind* same_name = nullptr;
  for (const Kind& kind : kinds.all()) {
    if (kind.name == name) same_name = &kind;
  }
  if (same_name != nullptr) {
    sink.Error("E009", identity.api_version->position, "apiVersion",
               Cat("there is no kind ", name, " in ", Quoted(identity.api_version->text)),
               Cat("write ", same_name->ApiVersion()));
    return;
  }
  std::string_view near = kinds.Nearest(name);
  std::string suggestion = DidYouMean(near);
  if (near.empty()) {
    for (const Kind& kind : kinds.all()) Append(suggestion, suggestion.empty() ? "the kinds are " : ", ", kind.name);
  }
  sink.Error("E008", identity.kind->position, "kind", Cat("unknown kind ", Quoted(name)), suggestion);
}

bool CheckScalar(const Node* node, std::string_view path, const Node& root, FindingSink& sink) {
  if (node == nullptr || node->kind == NodeKind::kNull) {
    sink.Error("E011", root.position, path, Cat("the field ", path, " is required"), NearKey(root, path));
    return false;
  }
  if (node->kind != NodeKind::kScalar) {
    sink.Error("E013", node->position, path, "must be text");
    return false;
  }
  return true;
}

// The kind of a document, nullptr after a finding.
const Kind* FindKind(const Node& root, const Identity& identity, const KindTable& kinds, FindingSink& sink) {
  bool named = CheckScalar(identity.api_version, "apiVersion", root, sink);
  named = CheckScalar(identity.kind, "kind", root, sink) && named;
  if (!named) return nullptr;
  const Kind* kind = kinds.Find(identity.group, identity.kind->text);
  if (kind == nullptr) {
    ReportUnknownKind(identity, kinds, sink);
    return nullptr;
  }
  bool known_version =
      std::find(kind->versions.begin(), kind->versions.end(), identity.version) != kind->versions.end();
  if (!known_version) {
    std::string read;
    for (const std::string& version : kind->versions) Append(read, read.empty() ? "" : ", ", version);
    sink.Error("E009", identity.api_version->position, "apiVersion",
               Cat(kind->name, " is not read in version ", Quoted(identity.version), ", only in ", read),
               Cat("write ", kind->ApiVersion()));
  } else if (identity.version != kind->versions.front()) {
    sink.Warning("W210", identity.api_version->position, "apiVersion",
                 Cat(Quoted(identity.api_version->text), " is an old version; it is read as ", kind->ApiVersion()),
                 Cat("write ", kind->ApiVersion()));
  }
  return kind;
}

void SetText(Message& message, const char* field_name, const std::string& text) {
  const FieldDescriptor* field = message.GetDescriptor()->FindFieldByName(field_name);
  message.GetReflection()->SetString(&message, field, text);
}

bool IsWritten(const Identity& identity, std::string_view field) {
  if (identity.metadata == nullptr) return false;
  const Node* node = FindMember(*identity.metadata, field);
  return node != nullptr && node->kind != NodeKind::kNull && !(node->kind == NodeKind::kScalar && node->text.empty());
}

// Brings what may be written in several ways into one form. False if the object cannot be identified, because its name
// or namespace is none: whatever was guessed could be that of another object.
bool Normalise(const Kind& kind, const Identity& identity, const DecodeOptions& options, FindingSink& sink,
               Message& message) {
  SetText(message, "api_version", kind.ApiVersion());
  SetText(message, "kind", kind.name);
  const FieldDescriptor* field = message.GetDescriptor()->FindFieldByName("metadata");
  Message& metadata = *message.GetReflection()->MutableMessage(&message, field);
  const FieldDescriptor* ns = metadata.GetDescriptor()->FindFieldByName("namespace");
  const FieldDescriptor* name = metadata.GetDescriptor()->FindFieldByName("name");
  std::string written = metadata.GetReflection()->GetString(metadata, ns);
  if (kind.cluster_scoped && !written.empty()) {
    sink.Error("E022", FindMember(*identity.metadata, "namespace")->position, "metadata.namespace",
               Cat("a ", kind.name, " belongs to no namespace"), "remove the field");
    metadata.GetReflection()->ClearField(&metadata, ns);
  }
  if (!kind.cluster_scoped && written.empty() && IsWritten(identity, "namespace")) return false;
  if (!kind.cluster_scoped && written.empty()) SetText(metadata, "namespace", options.default_namespace);
  return !metadata.GetReflection()->GetString(metadata, name).empty();
}

// `kubectl apply` notes what it applied in an annotation: of a Secret, its values. Annotations are shown.
void ForgetNotedValues(Message& message) {
  if (message.GetDescriptor() != v1::Secret::descriptor()) return;
  auto& metadata = *static_cast<v1::Secret&>(message).mutable_metadata();
  metadata.mutable_annotations()->erase("kubectl.kubernetes.io/last-applied-configuration");
}

void DecodeObject(const Node& root, bool has_errors, const DecodeOptions& options, FindingSink& sink,
                  std::vector<ObjectPtr>& objects) {
  Identity identity = Identify(root);
  bool known = identity.kind != nullptr && identity.kind->kind == NodeKind::kScalar;
  sink.set_object(
      NameForMessages(identity, options, known ? options.kinds->Find(identity.group, identity.kind->text) : nullptr));
  size_t errors = sink.errors();
  const Kind* kind = FindKind(root, identity, *options.kinds, sink);
  if (kind == nullptr) return;
  std::unique_ptr<Message> message(kind->prototype->New());
  MessageDecoder decoder(sink);
  decoder.Decode(root, *message);
  if (!Normalise(*kind, identity, options, sink, *message)) return;
  ForgetNotedValues(*message);
  SourceMap source = decoder.TakeSource();
  options.attachments->FillIn(source, sink, *message);
  objects.push_back(std::make_shared<const Object>(*kind, std::move(message), std::move(source),
                                                   has_errors || sink.errors() > errors));
}

// `kind: List`, `kind: HTTPRouteList`: what `kubectl get -o yaml` prints.
const Node* ItemsOfList(const Node& root) {
  const Node* kind = FindMember(root, "kind");
  if (kind == nullptr || kind->kind != NodeKind::kScalar || !kind->text.ends_with("List")) return nullptr;
  const Node* items = FindMember(root, "items");
  return items != nullptr && items->kind == NodeKind::kSequence ? items : nullptr;
}

void DecodeRoot(const Node& root, bool in_list, bool has_errors, const DecodeOptions& options, FindingSink& sink,
                std::vector<ObjectPtr>& objects) {
  if (root.kind != NodeKind::kMapping) {
    sink.set_object("");
    sink.Error("E007", root.position, "", "a document must be an object with apiVersion, kind and metadata",
               "look for a missing space after a colon, or a stray ---");
    return;
  }
  const Node* items = in_list ? nullptr : ItemsOfList(root);
  if (items == nullptr) {
    DecodeObject(root, has_errors, options, sink, objects);
    return;
  }
  for (const Node* item : items->items) DecodeRoot(*item, true, has_errors, options, sink, objects);
}

}  // namespace

void DecodeDocument(const Document& document, const DecodeOptions& options, FindingSink& sink,
                    std::vector<ObjectPtr>& objects) {
  DecodeRoot(*document.root, false, document.has_errors, options, sink, objects);
}

}  // namespace penstock::manifests
