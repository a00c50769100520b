// The rules of fields that MessageDecoder checks (api/manifests/v1/schema.proto).
#include <algorithm>

#include "absl/container/flat_hash_map.h"
#include "controlplane/manifests/formats.h"
#include "controlplane/manifests/line_index.h"
#include "controlplane/manifests/message_decoder.h"
#include "controlplane/manifests/nearest.h"
#include "controlplane/manifests/scalar.h"
#include "controlplane/manifests/text.h"
#include "re2/re2.h"

namespace penstock::manifests {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

namespace {

constexpr uint32_t kDefaultMaxItems = 64;
constexpr uint32_t kDefaultMaxLength = 4096;

template <typename Names>
std::string Join(const Names& names) {
  std::string joined;
  for (const auto& name : names) Append(joined, joined.empty() ? "" : ", ", name);
  return joined;
}

std::string Describe(const Node& node, bool secret) {
  if (node.kind == NodeKind::kNull) return "nothing";
  if (node.kind == NodeKind::kSequence) return "a list";
  if (node.kind == NodeKind::kMapping) return "a map";
  if (secret) return "this value";
  ScalarType type = TypeOf(node);
  if (type == ScalarType::kText) return Cat("the text ", Quoted(node.text));
  return type == ScalarType::kBool ? node.text : Cat("the number ", node.text.substr(0, 40));
}

// What to do about a value of the wrong type.
std::string TypeHint(const Node& node, const FieldDescriptor& field, bool secret) {
  bool scalar = node.kind == NodeKind::kScalar;
  bool text_wanted = field.cpp_type() == FieldDescriptor::CPPTYPE_STRING;
  bool list_wanted = field.is_repeated() && !field.is_map();
  ScalarType type = scalar ? TypeOf(node) : ScalarType::kNull;
  static const RE2 glued("[A-Za-z_][\\w-]*:\\S.*");
  if (scalar && node.plain && !text_wanted && RE2::FullMatch(node.text, glued)) {
    return "a space is missing after the colon: write `name: value`";
  }
  if (text_wanted && scalar && type == ScalarType::kInteger && RulesOf(field).format() == "duration") {
    return Cat("write a unit: ", node.text.substr(0, 20), "s");
  }
  if (text_wanted && scalar && !secret) return Cat("quote it: \"", node.text.substr(0, 40), "\"");
  if (list_wanted && node.kind == NodeKind::kMapping) return "begin each item with \"- \"";
  if (list_wanted && scalar && !secret) return Cat("write it as a list: [", node.text.substr(0, 40), "]");
  if (scalar && !node.plain && (TypeOf(node.text) == ScalarType::kInteger || TypeOf(node.text) == ScalarType::kBool)) {
    return "remove the quotes";
  }
  if (field.cpp_type() == FieldDescriptor::CPPTYPE_BOOL && scalar) {
    if (EqualsIgnoreCase(node.text, "yes") || EqualsIgnoreCase(node.text, "on")) return "write true";
    if (EqualsIgnoreCase(node.text, "no") || EqualsIgnoreCase(node.text, "off")) return "write false";
  }
  return "";
}

bool IsLabelKey(std::string_view key) {
  size_t slash = key.find('/');
  std::string_view name = slash == std::string_view::npos ? key : key.substr(slash + 1);
  bool prefix_ok = slash == std::string_view::npos || FindFormat("dns_subdomain")->matches(key.substr(0, slash));
  return prefix_ok && !name.empty() && FindFormat("label_value")->matches(name);
}

bool Contains(const std::vector<const FieldDescriptor*>& fields, const FieldDescriptor* field) {
  return std::find(fields.begin(), fields.end(), field) != fields.end();
}

}  // namespace

bool MessageDecoder::CheckText(const Node& node, const v1::FieldRules& rules) {
  const std::string& text = node.text;
  if (rules.required() && text.empty()) {
    Error("E011", node, "this field must not be empty");
    return false;
  }
  if (!CheckLength(node, text.size(), rules)) return false;
  bool known =
      rules.values().empty() || std::find(rules.values().begin(), rules.values().end(), text) != rules.values().end();
  if (!known) {
    std::vector<std::string_view> values(rules.values().begin(), rules.values().end());
    Error("E014", node, Cat("unknown value ", Quoted(text), "; one of ", Join(values)),
          DidYouMean(Nearest(text, values)));
    return false;
  }
  const Format* format = rules.format().empty() ? nullptr : FindFormat(rules.format());
  if (format != nullptr && !format->matches(text)) {
    std::string what = rules.secret() || format->by_mistake_secret ? "this value" : Quoted(text);
    Error("E015", node, Cat(what, " is not valid: must be ", format->description));
    return false;
  }
  return true;
}

bool MessageDecoder::CheckLength(const Node& node, size_t length, const v1::FieldRules& rules) {
  size_t max = rules.max_length() == 0 ? kDefaultMaxLength : rules.max_length();
  if (length <= max) return true;
  Error("E017", node, Cat("this is ", length, " bytes long; at most ", max, " are allowed"));
  return false;
}

bool MessageDecoder::CheckCount(const Node& node, size_t count, const v1::FieldRules& rules, const char* what) {
  size_t max = rules.max_items() == 0 ? kDefaultMaxItems : rules.max_items();
  size_t min = std::max<size_t>(rules.min_items(), rules.required() ? 1 : 0);
  if (count < min) {
    Error(count == 0 ? "E011" : "E018", node, Cat("at least ", min, " ", what, " needed, there are ", count));
    return false;
  }
  if (count > max) {
    Error("E018", node, Cat("there are ", count, " ", what, "; at most ", max, " are allowed"));
    return false;
  }
  return true;
}

void MessageDecoder::CheckMapKey(const Node& key, const v1::FieldRules& rules) {
  constexpr size_t kMaxKey = 253 + 1 + 63;  // a label key with a full prefix
  if (key.text.empty() || key.text.size() > kMaxKey) {
    sink_.Error("E017", key.position, path_.text(), Cat("a key must have 1 to ", kMaxKey, " bytes"));
  } else if (rules.format() == "label_value" && !IsLabelKey(key.text)) {
    sink_.Error("E015", key.position, path_.text(),
                Cat(Quoted(key.text), " is not a label key: must be \"name\" or \"prefix.example/name\""));
  }
}

// As an API server does: by the bytes. Names that are equal by another rule (of headers: without regard to case) are
// the translator's.
void MessageDecoder::CheckUnique(const Node& list, const Field& field) {
  const std::string& name = RulesOf(field).unique_by();
  if (name.empty()) return;
  const Field* by = field.message_type()->FindFieldByName(name);
  absl::flat_hash_map<std::string, size_t> seen;
  for (size_t i = 0; i < list.items.size(); ++i) {
    const Node* value = FindMember(*list.items[i], by->json_name());
    if (value == nullptr || value->kind != NodeKind::kScalar) continue;
    auto [it, fresh] = seen.emplace(value->text, i);
    if (fresh) continue;
    FieldPath::Mark mark = path_.PushIndex(i);
    path_.PushField(by->json_name());
    Error("E020", *value,
          Cat("item ", it->second, " of this list has the same ", by->json_name(), " ", Quoted(value->text)),
          "give each its own, or merge the two");
    path_.Pop(mark);
  }
}

void MessageDecoder::CheckRequired(const Node& node, const Message& message, const std::vector<const Field*>& written) {
  const Descriptor& descriptor = *message.GetDescriptor();
  for (int i = 0; i < descriptor.field_count(); ++i) {
    const Field& field = *descriptor.field(i);
    const v1::FieldRules& rules = RulesOf(field);
    if (!rules.required() || Contains(written, &field)) continue;
    FieldPath::Mark mark = path_.PushField(field.json_name());
    Error("E011", node, Cat("the field ", field.json_name(), " is required"),
          rules.example().empty() ? "" : Cat("for example `", field.json_name(), ": ", rules.example(), "`"));
    path_.Pop(mark);
  }
}

void MessageDecoder::CheckUnion(const Node& node, const Message& message, const std::vector<const Field*>& written) {
  const Descriptor& descriptor = *message.GetDescriptor();
  if (!descriptor.options().HasExtension(v1::union_)) return;
  const v1::UnionRules& rules = descriptor.options().GetExtension(v1::union_);
  if (rules.discriminator().empty()) {
    CheckOnlyOne(node, descriptor, written);
    return;
  }
  const Field* discriminator = descriptor.FindFieldByName(rules.discriminator());
  std::string type = message.GetReflection()->GetString(message, discriminator);
  if (type.empty()) return;  // missing or wrong: said already
  for (const auto& [value, name] : rules.member()) {
    const Field* member = descriptor.FindFieldByName(name);
    bool is_written = Contains(written, member);
    if (is_written == (value == type)) continue;
    FieldPath::Mark mark = path_.PushField(member->json_name());
    if (is_written) {
      Error("E019", *FindMember(node, member->json_name()),
            Cat("belongs to ", discriminator->json_name(), " ", value, ", but ", discriminator->json_name(), " is ",
                type),
            "remove the field, or change the type");
    } else {
      Error("E019", node, Cat(discriminator->json_name(), " ", type, " needs the field ", member->json_name()));
    }
    path_.Pop(mark);
  }
}

void MessageDecoder::CheckOnlyOne(const Node& node, const Descriptor& message,
                                  const std::vector<const Field*>& written) {
  std::vector<std::string_view> allowed, found;
  for (const auto& [value, name] : message.options().GetExtension(v1::union_).member()) {
    const Field* member = message.FindFieldByName(name);
    allowed.push_back(member->json_name());
    if (Contains(written, member)) found.push_back(member->json_name());
  }
  std::sort(allowed.begin(), allowed.end());
  std::sort(found.begin(), found.end());
  if (found.empty()) Error("E019", node, Cat("exactly one of ", Join(allowed), " must be given; there is none"));
  if (found.size() > 1) {
    Error("E019", node, Cat("exactly one of ", Join(allowed), " must be given; there are ", Join(found)), "keep one");
  }
}

void MessageDecoder::UnknownField(const Node& key, const Descriptor& message) {
  // Merge keys have an error of their own.
  if (key.plain && key.text == "<<") return;
  if (sink_.full()) return Error("E010", key, "unknown field");
  std::vector<std::string_view> names, usable;
  bool beside_secrets = false;
  for (int i = 0; i < message.field_count(); ++i) {
    const Field& field = *message.field(i);
    names.push_back(field.json_name());
    beside_secrets |= RulesOf(field).secret();
    bool is_usable = RulesOf(field).unsupported().empty() && RulesOf(field).ignored().empty();
    if (is_usable) usable.push_back(field.json_name());
  }
  std::string suggestion = DidYouMean(Nearest(key.text, names));
  if (suggestion.empty()) {
    suggestion = Cat("the fields here are ", Join(usable));
    // A value that is not indented stands where fields do.
    if (beside_secrets) return Error("E010", key, "unknown field", suggestion);
  }
  FieldPath::Mark mark = path_.PushMapKey(key.text);
  Error("E010", key, Cat("unknown field ", Quoted(key.text)), suggestion);
  path_.Pop(mark);
}

void MessageDecoder::WrongType(const Node& node, const Field& field, std::string_view wanted, bool secret) {
  Error("E013", node, Cat("must be ", wanted, ", not ", Describe(node, secret)), TypeHint(node, field, secret));
}

}  // namespace penstock::manifests
