#include "controlplane/manifests/object.h"

#include <algorithm>

#include "api/manifests/v1/meta.pb.h"
#include "controlplane/manifests/text.h"
#include "dataplane/base/canonical_bytes.h"

namespace penstock::manifests {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

const v1::ObjectMeta& MetadataOf(const Message& message) {
  const FieldDescriptor* field = message.GetDescriptor()->FindFieldByName("metadata");
  return static_cast<const v1::ObjectMeta&>(message.GetReflection()->GetMessage(message, field));
}

ObjectKey KeyOf(const Kind& kind, const Message& message) {
  const v1::ObjectMeta& metadata = MetadataOf(message);
  return {.group = kind.group, .kind = kind.name, .ns = metadata.namespace_(), .name = metadata.name()};
}

}  // namespace

std::string ObjectKey::ToString() const { return ns.empty() ? Cat(kind, " ", name) : Cat(kind, " ", ns, "/", name); }

Object::Object(const Kind& kind, std::unique_ptr<Message> message, SourceMap source, bool has_errors)
    : kind_(&kind),
      message_(std::move(message)),
      key_(KeyOf(kind, *message_)),
      source_(std::move(source)),
      has_errors_(has_errors) {}

absl::StatusOr<ObjectPtr> Object::FromBytes(const KindTable& kinds, const ObjectKey& key, std::string_view bytes,
                                            SourceMap source) {
  const Kind* kind = kinds.Find(key.group, key.kind);
  if (kind == nullptr) {
    return absl::FailedPreconditionError(Cat("this build does not know the kind ", key.kind, " of group \"", key.group,
                                             "\"; run the version that stored it"));
  }
  std::unique_ptr<Message> message(kind->prototype->New());
  if (!message->ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return absl::DataLossError(Cat("the stored bytes of ", key.ToString(), " cannot be read"));
  }
  auto object = std::make_shared<const Object>(*kind, std::move(message), std::move(source));
  if (object->key() != key) {
    return absl::DataLossError(Cat("stored as ", key.ToString(), ", but its metadata says ", object->key().ToString()));
  }
  return object;
}

std::map<std::string, std::string> Object::Labels() const {
  const v1::ObjectMeta& metadata = MetadataOf(*message_);
  return {metadata.labels().begin(), metadata.labels().end()};
}

std::map<std::string, std::string> Object::Annotations() const {
  const v1::ObjectMeta& metadata = MetadataOf(*message_);
  return {metadata.annotations().begin(), metadata.annotations().end()};
}

std::string Object::CanonicalBytes() const { return penstock::CanonicalBytes(*message_); }

bool SameContents(const Object& a, const Object& b) {
  return a.key() == b.key() && a.CanonicalBytes() == b.CanonicalBytes();
}

absl::StatusOr<bool> MatchesSelector(const Object& object, std::string_view selector) {
  std::map<std::string, std::string> labels = object.Labels();
  bool matches = true;
  while (!selector.empty()) {
    size_t comma = std::min(selector.find(','), selector.size());
    std::string_view term = Strip(selector.substr(0, comma));
    selector.remove_prefix(std::min(comma + 1, selector.size()));
    if (term.empty()) continue;
    bool negated = term.find("!=") != std::string_view::npos;
    size_t at = term.find(negated ? "!=" : "=");
    std::string key(Strip(term.substr(0, at)));
    if (key.empty() || key.find_first_of("!()<> ") != std::string::npos) {
      return absl::InvalidArgumentError(
          Cat("cannot read \"", term, "\" in a label selector; write key=value, key!=value or key"));
    }
    auto label = labels.find(key);
    if (at == std::string_view::npos) {
      matches = matches && label != labels.end();
      continue;
    }
    size_t skip = negated || term.substr(at, 2) == "==" ? 2 : 1;
    std::string_view value = Strip(term.substr(at + skip));
    bool equal = label != labels.end() && label->second == value;
    matches = matches && equal != negated;
  }
  return matches;
}

}  // namespace penstock::manifests
