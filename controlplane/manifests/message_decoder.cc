#include "controlplane/manifests/message_decoder.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "absl/strings/escaping.h"
#include "controlplane/manifests/formats.h"
#include "controlplane/manifests/nearest.h"
#include "controlplane/manifests/scalar.h"
#include "controlplane/manifests/text.h"

namespace penstock::manifests {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

namespace {

const FieldDescriptor* FindField(const Descriptor& message, std::string_view json_name) {
  for (int i = 0; i < message.field_count(); ++i) {
    if (message.field(i)->json_name() == json_name) return message.field(i);
  }
  return nullptr;
}

void StoreText(Message& message, const FieldDescriptor& field, std::string text) {
  const Reflection& reflection = *message.GetReflection();
  if (field.is_repeated()) {
    reflection.AddString(&message, &field, std::move(text));
  } else {
    reflection.SetString(&message, &field, std::move(text));
  }
}

// One row per C++ type of a number: its range, and how it is stored.
struct NumberType {
  FieldDescriptor::CppType type;
  int64_t min;
  uint64_t max;
  void (*store)(Message&, const FieldDescriptor&, int64_t);
};

constexpr NumberType kNumberTypes[] = {
    {FieldDescriptor::CPPTYPE_INT32, std::numeric_limits<int32_t>::min(), std::numeric_limits<int32_t>::max(),
     [](Message& m, const FieldDescriptor& f, int64_t n) {
       auto number = static_cast<int32_t>(n);
       f.is_repeated() ? m.GetReflection()->AddInt32(&m, &f, number) : m.GetReflection()->SetInt32(&m, &f, number);
     }},
    {FieldDescriptor::CPPTYPE_UINT32, 0, std::numeric_limits<uint32_t>::max(),
     [](Message& m, const FieldDescriptor& f, int64_t n) {
       auto number = static_cast<uint32_t>(n);
       f.is_repeated() ? m.GetReflection()->AddUInt32(&m, &f, number) : m.GetReflection()->SetUInt32(&m, &f, number);
     }},
    {FieldDescriptor::CPPTYPE_INT64, std::numeric_limits<int64_t>::min(), std::numeric_limits<int64_t>::max(),
     [](Message& m, const FieldDescriptor& f, int64_t n) {
       f.is_repeated() ? m.GetReflection()->AddInt64(&m, &f, n) : m.GetReflection()->SetInt64(&m, &f, n);
     }},
    {FieldDescriptor::CPPTYPE_UINT64, 0, std::numeric_limits<int64_t>::max(),
     [](Message& m, const FieldDescriptor& f, int64_t n) {
       auto number = static_cast<uint64_t>(n);
       f.is_repeated() ? m.GetReflection()->AddUInt64(&m, &f, number) : m.GetReflection()->SetUInt64(&m, &f, number);
     }},
};

const NumberType* FindNumberType(const FieldDescriptor& field) {
  for (const NumberType& type : kNumberTypes) {
    if (type.type == field.cpp_type()) return &type;
  }
  return nullptr;
}

}  // namespace

const v1::FieldRules& RulesOf(const FieldDescriptor& field) { return field.options().GetExtension(v1::rules); }

SourceMap MessageDecoder::TakeSource() {
  source_.Seal();
  return std::move(source_);
}

void MessageDecoder::DecodeMessage(const Node& node, Message& message) {
  source_.Add(path_.hash(), node.position);
  std::vector<const Field*> written;
  for (const Node::Member& member : node.members) {
    const Field* field = FindField(*message.GetDescriptor(), member.key->text);
    if (field == nullptr) {
      UnknownField(*member.key, *message.GetDescriptor());
      continue;
    }
    FieldPath::Mark mark = path_.PushField(field->json_name());
    DecodeMember(member, *field, message);
    path_.Pop(mark);
    // As in Kubernetes, a field that is null is a field that is not there.
    if (member.value->kind != NodeKind::kNull) written.push_back(field);
  }
  CheckRequired(node, message, written);
  CheckUnion(node, message, written);
}

void MessageDecoder::DecodeMember(const Node::Member& member, const Field& field, Message& message) {
  const v1::FieldRules& rules = RulesOf(field);
  const Node& value = *member.value;
  source_.Add(path_.hash(), value.position);
  if (!rules.unsupported().empty()) {
    sink_.Error("E012", member.key->position, path_.text(), Cat("this field is not supported: ", rules.unsupported()),
                "remove it");
  } else if (!rules.ignored().empty()) {
    sink_.Note("N002", member.key->position, path_.text(), Cat("this field is not read: ", rules.ignored()));
  } else if (value.kind == NodeKind::kNull) {
    return;
  } else if (field.is_map()) {
    DecodeMap(value, field, message);
  } else if (field.is_repeated()) {
    DecodeList(value, field, message);
  } else {
    DecodeSingle(value, field, message);
  }
}

void MessageDecoder::DecodeSingle(const Node& node, const Field& field, Message& message) {
  if (field.cpp_type() != Field::CPPTYPE_MESSAGE) {
    DecodeScalar(node, field, RulesOf(field), message);
  } else if (node.kind == NodeKind::kMapping) {
    DecodeMessage(node, *message.GetReflection()->MutableMessage(&message, &field));
  } else {
    WrongType(node, field, "a map of fields");
  }
}

void MessageDecoder::DecodeList(const Node& node, const Field& field, Message& message) {
  const v1::FieldRules& rules = RulesOf(field);
  if (node.kind != NodeKind::kSequence) {
    WrongType(node, field, "a list");
    return;
  }
  if (!CheckCount(node, node.items.size(), rules, "items")) return;
  for (size_t i = 0; i < node.items.size(); ++i) {
    FieldPath::Mark mark = path_.PushIndex(i);
    const Node& item = *node.items[i];
    if (field.cpp_type() != Field::CPPTYPE_MESSAGE) {
      source_.Add(path_.hash(), item.position);
      DecodeScalar(item, field, rules, message);
    } else {
      // Added even if it is wrong, so that the items behind it keep their index.
      Message* added = message.GetReflection()->AddMessage(&message, &field);
      if (item.kind == NodeKind::kMapping) {
        DecodeMessage(item, *added);
      } else {
        WrongType(item, field, "a map of fields");
      }
    }
    path_.Pop(mark);
  }
  CheckUnique(node, field);
}

void MessageDecoder::DecodeMap(const Node& node, const Field& field, Message& message) {
  const v1::FieldRules& rules = RulesOf(field);
  if (node.kind != NodeKind::kMapping) {
    WrongType(node, field, "a map of keys and values", rules.secret());
    return;
  }
  if (!CheckCount(node, node.members.size(), rules, "entries")) return;
  const Field& key_field = *field.message_type()->map_key();
  const Field& value_field = *field.message_type()->map_value();
  for (const Node::Member& member : node.members) {
    FieldPath::Mark mark = path_.PushMapKey(member.key->text);
    size_t errors = sink_.errors();
    CheckMapKey(*member.key, rules);
    Message* entry = message.GetReflection()->AddMessage(&message, &field);
    StoreText(*entry, key_field, member.key->text);
    source_.Add(path_.hash(), rules.secret() ? member.key->position : member.value->position);
    if (value_field.cpp_type() != Field::CPPTYPE_MESSAGE) {
      DecodeScalar(*member.value, value_field, rules, *entry);
    } else if (member.value->kind == NodeKind::kMapping) {
      DecodeMessage(*member.value, *entry->GetReflection()->MutableMessage(entry, &value_field));
    } else {
      WrongType(*member.value, value_field, "a map of fields");
    }
    if (sink_.errors() > errors) message.GetReflection()->RemoveLast(&message, &field);
    path_.Pop(mark);
  }
}

void MessageDecoder::DecodeScalar(const Node& node, const Field& field, const v1::FieldRules& rules, Message& message) {
  // "REDACTED" is base64, so what was exported would be taken for the value.
  if (rules.secret() && node.kind == NodeKind::kScalar && node.text == kSecretMask) {
    Error("E024", node, "this is the mask of an exported Secret, not its value",
          "put the real value here, or take the object out of the file: what is stored stays");
  } else if (field.type() == Field::TYPE_BYTES) {
    DecodeBytes(node, field, rules, message);
  } else if (field.cpp_type() == Field::CPPTYPE_STRING) {
    DecodeText(node, field, rules, message);
  } else if (field.cpp_type() == Field::CPPTYPE_BOOL) {
    DecodeBool(node, field, message);
  } else {
    DecodeNumber(node, field, rules, message);
  }
}

void MessageDecoder::DecodeText(const Node& node, const Field& field, const v1::FieldRules& rules, Message& message) {
  bool is_text = node.kind == NodeKind::kScalar && TypeOf(node) == ScalarType::kText;
  if (!is_text) {
    WrongType(node, field, "text", rules.secret());
    return;
  }
  if (CheckText(node, rules)) StoreText(message, field, node.text);
}

void MessageDecoder::DecodeBytes(const Node& node, const Field& field, const v1::FieldRules& rules, Message& message) {
  // An unquoted number may well be base64: 1234.
  if (node.kind != NodeKind::kScalar) {
    WrongType(node, field, "base64 text", rules.secret());
    return;
  }
  std::string bytes;
  if (!absl::Base64Unescape(node.text, &bytes)) {
    Error("E023", node, "this is not base64", "encode it with `base64 -w0`, or write it as it is under stringData");
    return;
  }
  if (CheckLength(node, bytes.size(), rules)) StoreText(message, field, std::move(bytes));
}

void MessageDecoder::DecodeBool(const Node& node, const Field& field, Message& message) {
  if (node.kind != NodeKind::kScalar || TypeOf(node) != ScalarType::kBool) {
    WrongType(node, field, "true or false");
    return;
  }
  bool value = ToLower(node.text.front()) == 't';
  const Reflection& reflection = *message.GetReflection();
  field.is_repeated() ? reflection.AddBool(&message, &field, value) : reflection.SetBool(&message, &field, value);
}

void MessageDecoder::DecodeNumber(const Node& node, const Field& field, const v1::FieldRules& rules, Message& message) {
  const NumberType* type = FindNumberType(field);
  if (type == nullptr || node.kind != NodeKind::kScalar || TypeOf(node) != ScalarType::kInteger) {
    WrongType(node, field, "a whole number");
    return;
  }
  int64_t min = rules.has_min() ? std::max(rules.min(), type->min) : type->min;
  int64_t max = rules.has_max() ? rules.max() : static_cast<int64_t>(type->max);
  int64_t number = 0;
  IntegerProblem problem = ReadInteger(node.text, number);
  if (problem == IntegerProblem::kLeadingZero) {
    Error("E013", node,
          Cat("a number must not begin with 0: some programs read ", node.text.substr(0, 40), " as octal"),
          "remove the leading zeros");
    return;
  }
  if (problem != IntegerProblem::kNone || number < min || number > max) {
    bool huge_max = !rules.has_max();
    Error("E016", node,
          Cat(node.text.substr(0, 40), " is out of range; ",
              huge_max && rules.has_min() ? Cat("at least ", min) : Cat(min, " to ", max)));
    return;
  }
  type->store(message, field, number);
}

}  // namespace penstock::manifests
