#include "controlplane/manifests/origin.h"

#include <algorithm>
#include <memory>
#include <vector>

#include "controlplane/manifests/text.h"

namespace penstock::manifests {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

// The object itself, its spec, and the fields of that which are set.
std::vector<std::string> PathsOf(const Message& message) {
  std::vector<std::string> paths = {"", "spec"};
  const FieldDescriptor* spec = message.GetDescriptor()->FindFieldByName("spec");
  if (spec == nullptr || spec->is_repeated() || spec->message_type() == nullptr) return paths;
  const Message& fields = message.GetReflection()->GetMessage(message, spec);
  std::vector<const FieldDescriptor*> set;
  fields.GetReflection()->ListFields(fields, &set);
  for (const FieldDescriptor* field : set) paths.push_back(Cat("spec.", field->json_name()));
  return paths;
}

}  // namespace

// "shop.yaml", then a line "LINE PATH" for each.
std::string EncodeOrigin(const Object& object) {
  std::string text(object.source().file());
  if (text.empty() || text.size() >= kMaxOriginBytes || text.find('\n') != std::string::npos) return "";
  for (const std::string& path : PathsOf(object.message())) {
    if (!object.source().Has(path)) continue;
    const std::string line = Cat("\n", object.source().Find(path).line, " ", path);
    if (text.size() + line.size() > kMaxOriginBytes) break;
    text += line;
  }
  return text;
}

SourceMap DecodeOrigin(std::string_view text) {
  if (text.empty() || text.size() > kMaxOriginBytes) return {};
  size_t end = std::min(text.find('\n'), text.size());
  SourceMap source(std::make_shared<const std::string>(text.substr(0, end)));
  while (end < text.size()) {
    text.remove_prefix(end + 1);
    end = std::min(text.find('\n'), text.size());
    const std::string_view entry = text.substr(0, end);
    const size_t blank = std::min(entry.find(' '), entry.size());
    size_t line = 0;
    if (blank == entry.size() || !ReadNumber(entry.substr(0, blank), line) || line == 0 || line > UINT32_MAX) continue;
    source.Add(HashFieldPath(entry.substr(blank + 1)), {.line = static_cast<uint32_t>(line), .column = 1, .length = 0});
  }
  source.Seal();
  return source;
}

}  // namespace penstock::manifests
