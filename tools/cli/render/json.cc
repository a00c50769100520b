#include "tools/cli/render/json.h"

#include <google/protobuf/duration.pb.h>
#include <google/protobuf/timestamp.pb.h>

#include <vector>

#include "absl/time/time.h"
#include "dataplane/base/printable.h"
#include "tools/cli/text.h"

namespace penstock::cli {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

// The value of a field (index < 0: singular).
Json FieldValue(const Message& message, const FieldDescriptor& field, int index) {
  const Reflection& r = *message.GetReflection();
  bool one = index < 0;
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      return one ? r.GetInt32(message, &field) : r.GetRepeatedInt32(message, &field, index);
    case FieldDescriptor::CPPTYPE_INT64:
      return one ? r.GetInt64(message, &field) : r.GetRepeatedInt64(message, &field, index);
    case FieldDescriptor::CPPTYPE_UINT32:
      return one ? r.GetUInt32(message, &field) : r.GetRepeatedUInt32(message, &field, index);
    case FieldDescriptor::CPPTYPE_UINT64:
      return one ? r.GetUInt64(message, &field) : r.GetRepeatedUInt64(message, &field, index);
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return one ? r.GetDouble(message, &field) : r.GetRepeatedDouble(message, &field, index);
    case FieldDescriptor::CPPTYPE_FLOAT:
      return one ? r.GetFloat(message, &field) : r.GetRepeatedFloat(message, &field, index);
    case FieldDescriptor::CPPTYPE_BOOL:
      return one ? r.GetBool(message, &field) : r.GetRepeatedBool(message, &field, index);
    case FieldDescriptor::CPPTYPE_STRING:
      return one ? r.GetString(message, &field) : r.GetRepeatedString(message, &field, index);
    case FieldDescriptor::CPPTYPE_ENUM: {
      const auto* value = one ? r.GetEnum(message, &field) : r.GetRepeatedEnum(message, &field, index);
      return value->number() == 0 ? "" : LowerCase(value->name());
    }
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return ToJson(one ? r.GetMessage(message, &field) : r.GetRepeatedMessage(message, &field, index));
  }
  return nullptr;
}

// UTF-8 without anything that a terminal would obey.
std::string Dumped(const Json& json, int indent) {
  return PrintableJson(json.dump(indent, ' ', false, Json::error_handler_t::replace));
}

bool IsPlainForYaml(const std::string& text) {
  if (text.empty() || text.front() == ' ' || text.back() == ' ') return false;
  constexpr std::string_view kWords[] = {"true", "false", "null", "yes", "no", "on", "off", "y", "n", "~"};
  for (std::string_view word : kWords) {
    if (EqualsIgnoreCase(text, word)) return false;
  }
  bool like_a_number = std::string_view("0123456789+-.").find(text.front()) != std::string_view::npos;
  if (like_a_number && text.find_first_not_of("0123456789.eE+-_:xXoOaAbBcCdDfF") == std::string::npos) return false;
  if (std::string_view("-?:,[]{}#&*!|>'\"%@`.").find(text.front()) != std::string_view::npos) return false;
  if (Printable(text) != text) return false;
  return text.find(": ") == std::string::npos && text.find(" #") == std::string::npos && text.back() != ':';
}

std::string YamlScalar(const Json& json) {
  if (!json.is_string()) return Dumped(json, -1);
  const std::string& text = json.get_ref<const std::string&>();
  return IsPlainForYaml(text) ? text : Dumped(json, -1);
}

void AppendYaml(const Json& json, int indent, std::string& out) {
  std::string margin(static_cast<size_t>(indent), ' ');
  bool list = json.is_array();
  for (const auto& [key, value] : json.items()) {
    StrAppend(&out, margin, list ? "-" : StrCat(YamlScalar(Json(key)), ":"));
    if (value.is_structured() && value.empty()) {
      StrAppend(&out, value.is_array() ? " []\n" : " {}\n");
    } else if (!value.is_structured()) {
      StrAppend(&out, " ", YamlScalar(value), "\n");
    } else if (list) {  // "- first: 1" rather than a dash alone
      std::string nested;
      AppendYaml(value, indent + 2, nested);
      StrAppend(&out, " ", nested.substr(static_cast<size_t>(indent) + 2));
    } else {
      out += '\n';
      AppendYaml(value, indent + (value.is_array() ? 0 : 2), out);
    }
  }
}

}  // namespace

Json ToJson(const Message& message) {
  if (const auto* time = dynamic_cast<const google::protobuf::Timestamp*>(&message)) {
    absl::Time moment = absl::FromUnixSeconds(time->seconds()) + absl::Nanoseconds(time->nanos());
    return absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", moment, absl::UTCTimeZone());
  }
  if (const auto* duration = dynamic_cast<const google::protobuf::Duration*>(&message)) {
    absl::Duration span = absl::Seconds(duration->seconds()) + absl::Nanoseconds(duration->nanos());
    return StrCat(absl::ToDoubleSeconds(span), "s");
  }
  Json json = Json::object();
  const Reflection& reflection = *message.GetReflection();
  for (int i = 0; i < message.GetDescriptor()->field_count(); ++i) {
    const FieldDescriptor& field = *message.GetDescriptor()->field(i);
    if (field.is_repeated()) {
      Json list = Json::array();
      for (int n = 0; n < reflection.FieldSize(message, &field); ++n) list.push_back(FieldValue(message, field, n));
      json[field.json_name()] = std::move(list);
    } else if (!field.has_presence() || reflection.HasField(message, &field)) {
      json[field.json_name()] = FieldValue(message, field, -1);
    }
  }
  return json;
}

Json Document(std::string_view kind, const Json& body) {
  Json document = {{"apiVersion", "cli.penstock.dev/v1"}, {"kind", std::string(kind)}};
  document.update(body);
  return document;
}

bool ParseJson(std::string_view text, Json& json) {
  json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  return !json.is_discarded();
}

std::string ToYaml(const Json& json) {
  if (!json.is_structured() || json.empty()) return YamlScalar(json) + "\n";
  std::string out;
  AppendYaml(json, 0, out);
  return out;
}

std::string MembersText(const Json& object) {
  size_t width = 0;
  for (const auto& [name, value] : object.items()) width = std::max(width, name.size());
  std::string text;
  for (const auto& [name, value] : object.items())
    StrAppend(&text, name, std::string(width - name.size() + 2, ' '), value.get<std::string>(), "\n");
  return text;
}

std::string DocumentText(Format format, const Json& document) {
  return format == Format::kYaml ? ToYaml(document) : Dumped(document, 2) + "\n";
}

void PrintDocument(Console& console, const Json& document) { console.Out(DocumentText(console.format(), document)); }

}  // namespace penstock::cli
