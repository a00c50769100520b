#include "controlplane/manifests/export_tree.h"

#include <algorithm>
#include <map>

#include "absl/strings/escaping.h"
#include "api/manifests/v1/schema.pb.h"
#include "controlplane/manifests/scalar.h"
#include "controlplane/manifests/text.h"

namespace penstock::manifests {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

const v1::FieldRules& RulesOf(const FieldDescriptor& field) { return field.options().GetExtension(v1::rules); }

// Of a union one list may be written and empty (`endpoints: []`): true if `field` is that list because nothing else is
// set.
bool IsEmptyUnionList(const Message& message, const FieldDescriptor& field) {
  const Descriptor& descriptor = *message.GetDescriptor();
  if (!field.is_repeated() || !descriptor.options().HasExtension(v1::union_)) return false;
  const v1::UnionRules& rules = descriptor.options().GetExtension(v1::union_);
  if (!rules.discriminator().empty()) return false;
  bool is_member = false;
  for (const auto& [value, name] : rules.member()) {
    const FieldDescriptor& member = *descriptor.FindFieldByName(name);
    bool set = member.is_repeated() ? message.GetReflection()->FieldSize(message, &member) > 0
                                    : message.GetReflection()->HasField(message, &member);
    if (set) return false;
    is_member = is_member || &member == &field;
  }
  return is_member;
}

bool IsWritten(const Message& message, const FieldDescriptor& field) {
  const v1::FieldRules& rules = RulesOf(field);
  if (!rules.unsupported().empty() || !rules.ignored().empty()) return false;
  if (field.is_repeated()) {
    return message.GetReflection()->FieldSize(message, &field) > 0 || IsEmptyUnionList(message, field);
  }
  // A required number may be 0 and a required text empty, which a field without presence does not tell from absent.
  bool scalar = field.cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE;
  return message.GetReflection()->HasField(message, &field) || (rules.required() && scalar);
}

ExportNode Text(std::string text) {
  ExportNode node;
  node.kind = ExportNode::kText;
  node.text = std::move(text);
  return node;
}

ExportNode Literal(std::string text) {
  ExportNode node;
  node.kind = ExportNode::kLiteral;
  node.text = std::move(text);
  return node;
}

ExportNode TextOrBytes(const FieldDescriptor& field, const std::string& value) {
  return Text(field.type() == FieldDescriptor::TYPE_BYTES ? absl::Base64Escape(value) : value);
}

// An item of a list if `index` is not negative, else the field itself.
ExportNode ScalarNode(const Message& message, const FieldDescriptor& field, int index) {
  const Reflection& r = *message.GetReflection();
  bool item = index >= 0;
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_BOOL:
      return Literal((item ? r.GetRepeatedBool(message, &field, index) : r.GetBool(message, &field)) ? "true"
                                                                                                     : "false");
    case FieldDescriptor::CPPTYPE_INT32:
      return Literal(Cat(item ? r.GetRepeatedInt32(message, &field, index) : r.GetInt32(message, &field)));
    case FieldDescriptor::CPPTYPE_UINT32:
      return Literal(Cat(item ? r.GetRepeatedUInt32(message, &field, index) : r.GetUInt32(message, &field)));
    case FieldDescriptor::CPPTYPE_INT64:
      return Literal(Cat(item ? r.GetRepeatedInt64(message, &field, index) : r.GetInt64(message, &field)));
    case FieldDescriptor::CPPTYPE_UINT64:
      return Literal(Cat(item ? r.GetRepeatedUInt64(message, &field, index) : r.GetUInt64(message, &field)));
    default:
      return TextOrBytes(field, item ? r.GetRepeatedString(message, &field, index) : r.GetString(message, &field));
  }
}

ExportNode SingleNode(const Message& message, const FieldDescriptor& field, int index, Secrets secrets) {
  if (field.cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) return ScalarNode(message, field, index);
  const Reflection& r = *message.GetReflection();
  return MakeExportTree(index >= 0 ? r.GetRepeatedMessage(message, &field, index) : r.GetMessage(message, &field),
                        secrets);
}

ExportNode MapNode(const Message& message, const FieldDescriptor& field, Secrets secrets) {
  bool redact = RulesOf(field).secret() && secrets == Secrets::kRedacted;
  std::map<std::string, ExportNode> sorted;
  for (int i = 0; i < message.GetReflection()->FieldSize(message, &field); ++i) {
    const Message& entry = message.GetReflection()->GetRepeatedMessage(message, &field, i);
    std::string key = entry.GetReflection()->GetString(entry, field.message_type()->map_key());
    sorted[key] =
        redact ? Text(std::string(kSecretMask)) : SingleNode(entry, *field.message_type()->map_value(), -1, secrets);
  }
  ExportNode node;
  for (auto& [key, value] : sorted) {
    node.keys.push_back(key);
    node.children.push_back(std::move(value));
  }
  return node;
}

ExportNode ListNode(const Message& message, const FieldDescriptor& field, Secrets secrets) {
  ExportNode node;
  node.kind = ExportNode::kList;
  int size = message.GetReflection()->FieldSize(message, &field);
  for (int i = 0; i < size; ++i) node.children.push_back(SingleNode(message, field, i, secrets));
  return node;
}

ExportNode FieldNode(const Message& message, const FieldDescriptor& field, Secrets secrets) {
  if (field.is_map()) return MapNode(message, field, secrets);
  bool redact = RulesOf(field).secret() && secrets == Secrets::kRedacted;
  if (redact) return Text(std::string(kSecretMask));
  return field.is_repeated() ? ListNode(message, field, secrets) : SingleNode(message, field, -1, secrets);
}

}  // namespace

ExportNode MakeExportTree(const Message& message, Secrets secrets) {
  ExportNode node;
  for (int i = 0; i < message.GetDescriptor()->field_count(); ++i) {
    const FieldDescriptor& field = *message.GetDescriptor()->field(i);
    if (!IsWritten(message, field)) continue;
    node.keys.push_back(field.json_name());
    node.children.push_back(FieldNode(message, field, secrets));
  }
  return node;
}

}  // namespace penstock::manifests
