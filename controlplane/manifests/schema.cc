#include "controlplane/manifests/schema.h"

#include <algorithm>
#include <memory>

#include "api/manifests/v1/schema.pb.h"
#include "controlplane/manifests/formats.h"
#include "controlplane/manifests/nearest.h"
#include "controlplane/manifests/schema_comments.h"
#include "controlplane/manifests/text.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/descriptor.pb.h"

namespace penstock::manifests {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::DescriptorPool;
using google::protobuf::FieldDescriptor;

// Comments by full name, from the embedded descriptors.
class Comments {
 public:
  Comments() {
    google::protobuf::FileDescriptorSet files;
    std::string_view bytes = SchemaDescriptors();
    files.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
    for (const auto& file : files.file()) pool_.BuildFile(file);
  }

  template <typename D>
  std::string Of(const D& descriptor) const {
    google::protobuf::SourceLocation location;
    const auto* found = Find(descriptor);
    if (found == nullptr || !found->GetSourceLocation(&location)) return "";
    return Cleaned(location.leading_comments.empty() ? location.trailing_comments : location.leading_comments);
  }

 private:
  const Descriptor* Find(const Descriptor& d) const { return pool_.FindMessageTypeByName(d.full_name()); }
  const FieldDescriptor* Find(const FieldDescriptor& d) const { return pool_.FindFieldByName(d.full_name()); }

  // Lines of one paragraph joined.
  static std::string Cleaned(std::string_view comment) {
    std::string text;
    bool paragraph_ended = false;
    while (!comment.empty()) {
      size_t end = std::min(comment.find('\n'), comment.size());
      std::string_view line = Strip(comment.substr(0, end));
      comment.remove_prefix(std::min(end + 1, comment.size()));
      if (line.empty()) {
        paragraph_ended = !text.empty();
        continue;
      }
      Append(text, text.empty() ? "" : paragraph_ended ? "\n" : " ", line);
      paragraph_ended = false;
    }
    return text;
  }

  DescriptorPool pool_;
};

const Comments& AllComments() {
  static const Comments comments;
  return comments;
}

const v1::FieldRules& RulesOf(const FieldDescriptor& field) { return field.options().GetExtension(v1::rules); }

std::string ScalarType(const FieldDescriptor& field) {
  if (field.type() == FieldDescriptor::TYPE_BYTES) return "base64";
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      return "string";
    case FieldDescriptor::CPPTYPE_BOOL:
      return "boolean";
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return field.message_type()->file()->package() == "google.protobuf" ? "any" : field.message_type()->name();
    default:
      return "integer";
  }
}

std::string TypeOf(const FieldDescriptor& field) {
  if (field.is_map()) return Cat("map[string]", ScalarType(*field.message_type()->map_value()));
  return Cat(field.is_repeated() ? "[]" : "", ScalarType(field));
}

std::string Joined(const auto& values) {
  std::string joined;
  for (const auto& value : values) Append(joined, joined.empty() ? "" : ", ", value);
  return joined;
}

std::string RangeOf(const v1::FieldRules& rules) {
  if (rules.has_min() && rules.has_max()) return Cat(rules.min(), " to ", rules.max());
  if (rules.has_min()) return Cat("at least ", rules.min());
  return rules.has_max() ? Cat("at most ", rules.max()) : "";
}

// What the message's union says about one of its members.
std::string UnionRuleOf(const FieldDescriptor& field) {
  const v1::UnionRules& rules = field.containing_type()->options().GetExtension(v1::union_);
  std::vector<std::string> others;
  for (const auto& [value, name] : rules.member()) {
    if (name != field.name()) {
      others.push_back(field.containing_type()->FindFieldByName(name)->json_name());
    } else if (!rules.discriminator().empty()) {
      return Cat("with ", rules.discriminator(), " ", value, " only");
    }
  }
  bool is_member = others.size() < static_cast<size_t>(rules.member_size());
  std::sort(others.begin(), others.end());
  return is_member ? Cat("either this or ", Joined(others)) : "";
}

std::vector<std::string> RuleTexts(const FieldDescriptor& field) {
  const v1::FieldRules& rules = RulesOf(field);
  std::vector<std::string> texts;
  auto add = [&](std::string text) {
    if (!text.empty()) texts.push_back(std::move(text));
  };
  const Format* format = FindFormat(rules.format());
  add(rules.required() ? "required" : "");
  add(UnionRuleOf(field));
  add(rules.values().empty() ? "" : Cat("one of ", Joined(rules.values())));
  add(format == nullptr ? "" : std::string(format->description));
  add(RangeOf(rules));
  add(rules.max_length() == 0 ? "" : Cat("at most ", rules.max_length(), " bytes"));
  bool list = field.is_repeated();
  add(list ? Cat("at most ", rules.max_items() == 0 ? 64 : rules.max_items(), " items") : "");
  add(rules.unique_by().empty() ? "" : Cat("items differ in ", rules.unique_by()));
  add(rules.default_().empty() ? "" : Cat("default ", rules.default_()));
  add(rules.secret() ? "never printed" : "");
  add(rules.ignored().empty() ? "" : Cat("not read: ", rules.ignored()));
  return texts;
}

std::vector<FieldDoc> FieldsOf(const Descriptor& message, std::vector<const Descriptor*>& above);

FieldDoc DocOf(const FieldDescriptor& field, std::vector<const Descriptor*>& above) {
  FieldDoc doc{.name = field.json_name(),
               .type = TypeOf(field),
               .docs = AllComments().Of(field),
               .rules = RuleTexts(field),
               .unsupported = RulesOf(field).unsupported(),
               .example = RulesOf(field).example(),
               .fields = {}};
  const FieldDescriptor& value = field.is_map() ? *field.message_type()->map_value() : field;
  if (value.cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE || ScalarType(value) == "any") return doc;
  if (doc.docs.empty()) doc.docs = AllComments().Of(*value.message_type());
  doc.fields = FieldsOf(*value.message_type(), above);
  return doc;
}

std::vector<FieldDoc> FieldsOf(const Descriptor& message, std::vector<const Descriptor*>& above) {
  std::vector<FieldDoc> fields;
  if (std::find(above.begin(), above.end(), &message) != above.end()) return fields;
  above.push_back(&message);
  for (int i = 0; i < message.field_count(); ++i) fields.push_back(DocOf(*message.field(i), above));
  above.pop_back();
  return fields;
}

std::vector<std::string_view> Segments(std::string_view dotted) {
  std::vector<std::string_view> segments;
  while (true) {
    size_t dot = dotted.find('.');
    std::string_view segment = dotted.substr(0, dot);
    segments.push_back(segment.substr(0, segment.find('[')));
    if (dot == std::string_view::npos) return segments;
    dotted.remove_prefix(dot + 1);
  }
}

std::string OneLine(const FieldDoc& field) {
  std::string line = Cat(field.name, " <", field.type, ">");
  if (!field.unsupported.empty()) return Cat(line, "  not supported: ", field.unsupported);
  if (!field.rules.empty()) Append(line, "  ", Joined(field.rules));
  return line;
}

// Breaks at blanks so that lines fit a terminal.
std::string Wrapped(std::string_view text, size_t indent) {
  constexpr size_t kWidth = 100;
  std::string out, margin(indent, ' ');
  size_t column = 0;
  while (!text.empty()) {
    size_t end = std::min(text.find_first_of(" \n"), text.size());
    std::string_view word = text.substr(0, end);
    bool fits = column + word.size() < kWidth;
    Append(out, column == 0 ? margin : fits ? " " : Cat("\n", margin), word);
    column = (fits ? column : 0) + word.size() + 1;
    bool line_ends = end < text.size() && text[end] == '\n';
    if (line_ends) Append(out, "\n");
    if (line_ends) column = 0;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out + "\n";
}

std::string Explanation(std::string_view path, const FieldDoc& doc) {
  std::string text = Cat(path, " <", doc.type, ">\n");
  if (!doc.unsupported.empty()) Append(text, "  not supported: ", doc.unsupported, "\n");
  if (!doc.rules.empty()) Append(text, "  ", Joined(doc.rules), "\n");
  if (!doc.docs.empty()) Append(text, "\n", Wrapped(doc.docs, 2));
  if (!doc.example.empty()) Append(text, "\nExample\n  ", doc.name, ": ", doc.example, "\n");
  if (!doc.fields.empty()) text += "\nFields\n";
  for (const FieldDoc& field : doc.fields) {
    Append(text, "  ", OneLine(field), "\n");
    if (!field.docs.empty() && field.unsupported.empty()) text += Wrapped(field.docs, 6);
  }
  return text;
}

absl::Status NotFound(const std::string& message, std::string_view near) {
  return absl::NotFoundError(near.empty() ? message : Cat(message, "; ", DidYouMean(near)));
}

// Signs that Markdown tables would take for their own.
std::string Escaped(std::string_view text) {
  std::string escaped;
  for (char c : text) Append(escaped, c == '|' || c == '*' || c == '<' ? "\\" : "", c);
  return escaped;
}

void AppendRows(const FieldDoc& parent, const std::string& path, std::string& page) {
  for (const FieldDoc& field : parent.fields) {
    bool list = field.type.starts_with("[]");
    std::string name = Cat(path, path.empty() ? "" : ".", field.name, list ? "[]" : "");
    std::string about = Escaped(field.unsupported.empty() ? field.docs : field.unsupported);
    if (!field.unsupported.empty()) about.insert(0, "**Not supported:** ");
    std::replace(about.begin(), about.end(), '\n', ' ');
    std::string rules = Joined(field.rules);
    if (!field.example.empty()) Append(rules, rules.empty() ? "" : "; ", "e.g. ", field.example);
    std::string cells = Cat(field.type, " | ", Escaped(rules), " | ", about);
    Append(page, "| `", name, "` | ", cells, " |\n");
    AppendRows(field, name, page);
  }
}

}  // namespace

FieldDoc DescribeKind(const Kind& kind) {
  std::vector<const Descriptor*> above;
  const Descriptor& message = *kind.prototype->GetDescriptor();
  return {.name = kind.name,
          .type = kind.ApiVersion(),
          .docs = AllComments().Of(message),
          .rules = {kind.cluster_scoped ? "has no namespace" : "belongs to a namespace"},
          .unsupported = "",
          .example = "",
          .fields = FieldsOf(message, above)};
}

absl::StatusOr<std::string> ExplainField(const KindTable& kinds, std::string_view dotted) {
  std::vector<std::string_view> segments = Segments(dotted);
  const Kind* kind = kinds.FindByAnyName(segments.front());
  if (kind == nullptr)
    return NotFound(Cat("there is no kind \"", segments.front(), "\""), kinds.Nearest(segments.front()));
  FieldDoc doc = DescribeKind(*kind);
  std::string path = kind->name;
  for (size_t i = 1; i < segments.size(); ++i) {
    std::string_view name = segments[i];
    auto field = std::find_if(doc.fields.begin(), doc.fields.end(),
                              [&](const FieldDoc& candidate) { return EqualsIgnoreCase(candidate.name, name); });
    if (field == doc.fields.end()) {
      std::vector<std::string_view> names;
      for (const FieldDoc& candidate : doc.fields) names.push_back(candidate.name);
      return NotFound(Cat(path, " has no field \"", name, "\""), Nearest(name, names));
    }
    Append(path, ".", field->name);
    FieldDoc next = *field;
    doc = std::move(next);
  }
  return Explanation(path, doc);
}

std::string ReferencePage(const Kind& kind) {
  FieldDoc doc = DescribeKind(kind);
  std::string versions;
  for (const std::string& version : kind.versions)
    Append(versions, versions.empty() ? "`" : ", `", kind.ApiVersion(version), "`");
  std::string page = Cat("# ", kind.name, "\n\n", doc.docs, "\n\n");
  Append(page, "apiVersion: ", versions, ". Also called ", "`", kind.plural, "`");
  for (const std::string& name : kind.short_names) Append(page, ", `", name, "`");
  Append(page, " on the command line. ", kind.cluster_scoped ? "It has no namespace." : "It belongs to a namespace.",
         "\n\n");
  page += "| field | type | rules | meaning |\n|---|---|---|---|\n";
  AppendRows(doc, "", page);
  page += "\nGenerated from api/manifests/v1 by `bazel run //controlplane/manifests:write_docs`.\n";
  return page;
}

}  // namespace penstock::manifests
