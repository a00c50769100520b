#include "dataplane/policies/unpack.h"

#include <vector>

namespace penstock::policies {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

Status CheckKnown(const Message& message, const std::string& path);

Status CheckField(const Message& message, const FieldDescriptor& field, const std::string& path) {
  const Reflection& reflection = *message.GetReflection();
  if (!field.is_repeated()) return CheckKnown(reflection.GetMessage(message, &field), path);
  for (int i = 0; i < reflection.FieldSize(message, &field); ++i) {
    RETURN_IF_ERROR(CheckKnown(reflection.GetRepeatedMessage(message, &field, i), StrCat(path, "[", i, "]")));
  }
  return absl::OkStatus();
}

Status CheckKnown(const Message& message, const std::string& path) {
  const Reflection& reflection = *message.GetReflection();
  const google::protobuf::UnknownFieldSet& unknown = reflection.GetUnknownFields(message);
  if (!unknown.empty()) {
    return absl::UnimplementedError(StrCat(path, path.empty() ? "" : ": ", "field ", unknown.field(0).number(),
                                           " is not known to this build, so that it cannot do what it asks for"));
  }
  std::vector<const FieldDescriptor*> fields;
  reflection.ListFields(message, &fields);
  for (const FieldDescriptor* field : fields) {
    if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) continue;
    RETURN_IF_ERROR(CheckField(message, *field, StrCat(path, path.empty() ? "" : ".", field->name())));
  }
  return absl::OkStatus();
}

}  // namespace

Status Unpack(const google::protobuf::Any& any, Message& message) {
  std::string_view name = message.GetDescriptor()->full_name();
  std::string_view type = any.type_url();
  bool same = type.size() > name.size() && type.ends_with(name) && type[type.size() - name.size() - 1] == '/';
  if (!same) return absl::UnimplementedError(StrCat("the configuration is no ", name));
  if (!message.ParseFromString(any.value())) return absl::InvalidArgumentError(StrCat("bytes that are no ", name));
  return CheckKnown(message, "");
}

}  // namespace penstock::policies
