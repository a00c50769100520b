#include "controlplane/translator/field_diff.h"

#include <algorithm>
#include <compare>
#include <cstddef>
#include <iterator>
#include <map>
#include <utility>

#include "api/manifests/v1/schema.pb.h"
#include "controlplane/manifests/text.h"
#include "dataplane/base/canonical_bytes.h"

namespace penstock::translator {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;
using manifests::Cat;

constexpr size_t kMaxValueLength = 80;  // bytes of a value that are shown
constexpr size_t kMaxItems = 8;         // items of a list that are shown

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
  // Not within a character: the bytes 10xxxxxx of UTF-8 go on with one.
  size_t end = kMaxValueLength;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  text.resize(end);
  return text + "...";
}

enum class Form { kWhole, kShown };

// `index` -1: the field is not a list.
std::string StringText(const Message& message, const FieldDescriptor* field, int index, Form form) {
  const Reflection* r = message.GetReflection();
  std::string text = index >= 0 ? r->GetRepeatedString(message, field, index) : r->GetString(message, field);
  if (form == Form::kWhole) return text;
  if (field->type() == FieldDescriptor::TYPE_BYTES) return Cat("(", text.size(), " bytes)");
  return Shorten(std::move(text));
}

std::string ScalarText(const Message& message, const FieldDescriptor* field, int index, Form form) {
  const Reflection* r = message.GetReflection();
  bool list = index >= 0;
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      return StringText(message, field, index, form);
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

// An item of a list: what it is, and what is shown of it.
struct Item {
  std::string whole;
  std::string shown;

  friend bool operator==(const Item&, const Item&) = default;
  friend auto operator<=>(const Item&, const Item&) = default;
};
using Items = std::vector<Item>;

Items ItemsOf(const Message& message, const FieldDescriptor* field) {
  const Reflection* r = message.GetReflection();
  Items items;
  int size = r->FieldSize(message, field);
  for (int i = 0; i < size; ++i) {
    if (IsMessage(field)) {
      const Message& item = r->GetRepeatedMessage(message, field, i);
      items.push_back({CanonicalBytes(item), BriefText(item)});
    } else {
      items.push_back({ScalarText(message, field, i, Form::kWhole), ScalarText(message, field, i, Form::kShown)});
    }
  }
  // Maps come in any order.
  if (field->is_map()) std::sort(items.begin(), items.end());
  return items;
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

std::string JoinSome(const std::vector<std::string>& items) {
  std::string text;
  for (size_t i = 0; i < items.size() && i < kMaxItems; ++i)
    manifests::Append(text, text.empty() ? "" : ", ", items[i]);
  if (items.size() > kMaxItems) manifests::Append(text, " and ", items.size() - kMaxItems, " more");
  return text;
}

// `sign` and what is shown of the items of `a` that `b` lacks.
void AppendMissing(Items a, Items b, std::string_view sign, std::vector<std::string>& changes) {
  std::sort(a.begin(), a.end());
  std::sort(b.begin(), b.end());
  Items missing;
  std::set_difference(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(missing));
  std::sort(missing.begin(), missing.end(), [](const Item& x, const Item& y) { return x.shown < y.shown; });
  for (const Item& item : missing) changes.push_back(Cat(sign, item.shown));
}

void AppendSetDiff(const Items& before, const Items& after, const std::string& path, std::vector<std::string>& lines) {
  std::vector<std::string> changes;
  AppendMissing(after, before, "+ ", changes);
  AppendMissing(before, after, "- ", changes);
  std::string text = JoinSome(changes);
  if (text.empty() && before != after) text = "order changed";
  if (!text.empty()) lines.push_back(Cat(path, ": ", text));
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
    AppendSetDiff(ItemsOf(before, field), ItemsOf(after, field), path, lines);
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

bool IsSet(const Message& message, const FieldDescriptor* field) {
  return message.GetReflection()->HasField(message, field);
}

void AppendSecretDiff(const Message& before, const Message& after, const FieldDescriptor* field,
                      const std::string& path, std::vector<std::string>& lines) {
  bool same = field->is_repeated()
                  ? ItemsOf(before, field) == ItemsOf(after, field)
                  : ScalarText(before, field, -1, Form::kWhole) == ScalarText(after, field, -1, Form::kWhole);
  if (!same) lines.push_back(path + ": changed (not shown)");
}

void AppendScalarDiff(const Message& before, const Message& after, const FieldDescriptor* field,
                      const std::string& path, std::vector<std::string>& lines) {
  bool same = IsSet(before, field) == IsSet(after, field) &&
              ScalarText(before, field, -1, Form::kWhole) == ScalarText(after, field, -1, Form::kWhole);
  if (same) return;
  auto text = [&](const Message& message) {
    return IsSet(message, field) ? ScalarText(message, field, -1, Form::kShown) : std::string("(unset)");
  };
  lines.push_back(Cat(path, ": ", text(before), " -> ", text(after)));
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
    } else if (IsSet(before, field) || IsSet(after, field)) {
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
      std::vector<std::string> shown;
      for (const Item& item : ItemsOf(message, field)) shown.push_back(item.shown);
      value = Cat("[", JoinSome(shown), "]");
    } else {
      value = IsMessage(field) ? BriefText(message.GetReflection()->GetMessage(message, field))
                               : ScalarText(message, field, -1, Form::kShown);
    }
    manifests::Append(text, text.empty() ? "" : ", ", field->json_name(), ": ", value);
  }
  return Cat("{", text, "}");
}

}  // namespace penstock::translator
