#include "controlplane/translator/field_diff.h"

#include <algorithm>
#include <cstddef>
#include <map>
#include <set>
#include <utility>

#include "api/manifests/v1/schema.pb.h"
#include "controlplane/manifests/text.h"

namespace penstock::translator {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;
using manifests::Cat;

constexpr size_t kMaxValueLength = 80;

bool IsSecret(const FieldDescriptor* field) {
  return field->options().HasExtension(manifests::v1::rules) &&
         field->options().GetExtension(manifests::v1::rules).secret();
}

bool IsMessage(const FieldDescriptor* field) { return field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE; }

std::string Shorten(std::string text) {
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < ' ') c = ' ';
  }
  if (text.size() <= kMaxValueLength) return text;
  text.resize(kMaxValueLength);
  return text + "...";
}

// `index` -1: the field is not a list.
std::string ScalarText(const Message& message, const FieldDescriptor* field, int index) {
  const Reflection* r = message.GetReflection();
  bool list = index >= 0;
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      return Shorten(list ? r->GetRepeatedString(message, field, index) : r->GetString(message, field));
    case FieldDescriptor::CPPTYPE_INT32:
      return Cat(list ? r->GetRepeatedInt32(message, field, index) : r->GetInt32(message, field));
    case FieldDescriptor::CPPTYPE_INT64:
      return Cat(list ? r->GetRepeatedInt64(message, field, index) : r->GetInt64(message, field));
    case FieldDescriptor::CPPTYPE_BOOL:
      return (list ? r->GetRepeatedBool(message, field, index) : r->GetBool(message, field)) ? "true" : "false";
    default:
      return "?";
  }
}

// What tells an item of a list from the others, "" if it has no name of its own.
std::string ItemKey(const Message& item) {
  const FieldDescriptor* name = item.GetDescriptor()->FindFieldByName("name");
  if (name == nullptr || name->cpp_type() != FieldDescriptor::CPPTYPE_STRING || name->is_repeated()) return "";
  return item.GetReflection()->GetString(item, name);
}

std::string ItemText(const Message& message, const FieldDescriptor* field, int index) {
  if (!IsMessage(field)) return ScalarText(message, field, index);
  return BriefText(message.GetReflection()->GetRepeatedMessage(message, field, index));
}

// Items by name; empty if not every item has one, or two have the same.
std::map<std::string, const Message*> ItemsByName(const Message& message, const FieldDescriptor* field) {
  std::map<std::string, const Message*> items;
  int size = message.GetReflection()->FieldSize(message, field);
  for (int i = 0; i < size; ++i) {
    const Message& item = message.GetReflection()->GetRepeatedMessage(message, field, i);
    std::string key = ItemKey(item);
    if (key.empty() || !items.emplace(key, &item).second) return {};
  }
  return items;
}

void AppendSetDiff(std::vector<std::string> before, std::vector<std::string> after, const std::string& path,
                   std::vector<std::string>& lines) {
  std::vector<std::string> old = before;
  std::vector<std::string> now = after;
  std::sort(before.begin(), before.end());
  std::sort(after.begin(), after.end());
  std::multiset<std::string> added;
  std::multiset<std::string> removed;
  std::set_difference(after.begin(), after.end(), before.begin(), before.end(), std::inserter(added, added.end()));
  std::set_difference(before.begin(), before.end(), after.begin(), after.end(), std::inserter(removed, removed.end()));
  std::string text;
  for (const std::string& item : added) manifests::Append(text, text.empty() ? "" : ", ", "+ ", item);
  for (const std::string& item : removed) manifests::Append(text, text.empty() ? "" : ", ", "- ", item);
  if (text.empty() && old != now) text = "order changed";
  if (!text.empty()) lines.push_back(Cat(path, ": ", text));
}

std::vector<std::string> ItemTexts(const Message& message, const FieldDescriptor* field) {
  std::vector<std::string> texts;
  int size = message.GetReflection()->FieldSize(message, field);
  for (int i = 0; i < size; ++i) texts.push_back(ItemText(message, field, i));
  return texts;
}

void AppendListDiff(const Message& before, const Message& after, const FieldDescriptor* field, const std::string& path,
                    std::vector<std::string>& lines) {
  std::map<std::string, const Message*> old;
  std::map<std::string, const Message*> now;
  if (IsMessage(field) && !field->is_map()) {
    old = ItemsByName(before, field);
    now = ItemsByName(after, field);
  }
  if (old.empty() || now.empty()) {
    AppendSetDiff(ItemTexts(before, field), ItemTexts(after, field), path, lines);
    return;
  }
  for (const auto& [name, item] : old) {
    auto found = now.find(name);
    if (found == now.end()) {
      lines.push_back(Cat(path, ": - ", BriefText(*item)));
    } else {
      AppendFieldDiff(*item, *found->second, Cat(path, "[", name, "]"), lines);
    }
  }
  for (const auto& [name, item] : now) {
    if (!old.contains(name)) lines.push_back(Cat(path, ": + ", BriefText(*item)));
  }
}

bool SameField(const Message& before, const Message& after, const FieldDescriptor* field) {
  return ItemTexts(before, field) == ItemTexts(after, field);
}

void AppendSecretDiff(const Message& before, const Message& after, const FieldDescriptor* field,
                      const std::string& path, std::vector<std::string>& lines) {
  bool same = field->is_repeated() ? before.GetReflection()->FieldSize(before, field) ==
                                             after.GetReflection()->FieldSize(after, field) &&
                                         SameField(before, after, field)
                                   : ScalarText(before, field, -1) == ScalarText(after, field, -1);
  if (!same) lines.push_back(path + ": changed (not shown)");
}

void AppendScalarDiff(const Message& before, const Message& after, const FieldDescriptor* field,
                      const std::string& path, std::vector<std::string>& lines) {
  auto text = [&](const Message& message) {
    return message.GetReflection()->HasField(message, field) ? ScalarText(message, field, -1) : std::string("(unset)");
  };
  std::string old = text(before);
  std::string now = text(after);
  if (old != now) lines.push_back(Cat(path, ": ", old, " -> ", now));
}

}  // namespace

void AppendFieldDiff(const Message& before, const Message& after, const std::string& path,
                     std::vector<std::string>& lines) {
  const google::protobuf::Descriptor* type = before.GetDescriptor();
  for (int i = 0; i < type->field_count(); ++i) {
    const FieldDescriptor* field = type->field(i);
    std::string field_path = path.empty() ? field->json_name() : Cat(path, ".", field->json_name());
    if (IsSecret(field)) {
      AppendSecretDiff(before, after, field, field_path, lines);
    } else if (field->is_repeated()) {
      AppendListDiff(before, after, field, field_path, lines);
    } else if (!IsMessage(field)) {
      AppendScalarDiff(before, after, field, field_path, lines);
    } else if (before.GetReflection()->HasField(before, field) || after.GetReflection()->HasField(after, field)) {
      AppendFieldDiff(before.GetReflection()->GetMessage(before, field),
                      after.GetReflection()->GetMessage(after, field), field_path, lines);
    }
  }
}

std::string BriefText(const Message& message) {
  std::vector<const FieldDescriptor*> fields;
  message.GetReflection()->ListFields(message, &fields);
  std::string text;
  for (const FieldDescriptor* field : fields) {
    std::string value;
    if (IsSecret(field)) {
      value = "(not shown)";
    } else if (field->is_repeated()) {
      for (const std::string& item : ItemTexts(message, field))
        manifests::Append(value, value.empty() ? "" : ", ", item);
      value = Cat("[", value, "]");
    } else {
      value = IsMessage(field) ? BriefText(message.GetReflection()->GetMessage(message, field))
                               : ScalarText(message, field, -1);
    }
    manifests::Append(text, text.empty() ? "" : ", ", field->json_name(), ": ", value);
  }
  return Cat("{", text, "}");
}

}  // namespace penstock::translator
