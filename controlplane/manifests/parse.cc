#include "controlplane/manifests/parse.h"

#include "absl/container/flat_hash_map.h"
#include "controlplane/manifests/attachments.h"
#include "controlplane/manifests/decode.h"
#include "controlplane/manifests/finding_sink.h"
#include "controlplane/manifests/text.h"
#include "controlplane/manifests/yaml_reader.h"

namespace penstock::manifests {
namespace {

void ParseFile(const File& file, const ParseOptions& options, Attachments& attachments, ParseResult& result) {
  FindingSink sink(file.name);
  DecodeOptions decode{
      .kinds = options.kinds, .default_namespace = options.default_namespace, .attachments = &attachments};
  YamlLimits limits{.max_depth = options.max_depth,
                    .max_alias_nodes = options.max_alias_nodes,
                    .max_documents = options.max_documents};
  ReadYaml(file.bytes, limits, sink,
           [&](const Document& document) { DecodeDocument(document, decode, sink, result.objects); });
  sink.MoveTo(result.findings);
}

Finding TooLarge(const File& file, std::string message) {
  Finding finding;
  finding.set_severity(Finding::ERROR);
  finding.set_code("E002");
  finding.set_file(file.name);
  finding.set_message(std::move(message));
  finding.set_suggestion("split it into several files or applies");
  return finding;
}

std::string PlaceOf(const Object& object) { return Cat(object.source().file(), ":", object.source().Find("").line); }

// Keeps the first of several objects with one key.
void RefuseDuplicates(ParseResult& result) {
  absl::flat_hash_map<ObjectKey, ObjectPtr> seen;
  std::erase_if(result.objects, [&](const ObjectPtr& object) {
    auto [it, fresh] = seen.emplace(object->key(), object);
    if (fresh) return false;
    result.findings.push_back(ErrorAt(*object, "metadata.name", "E021",
                                      Cat("this object was already written at ", PlaceOf(*it->second)),
                                      "remove one of the two, or give it another name"));
    return true;
  });
}

}  // namespace

ParseResult Parse(std::span<const File> files, const ParseOptions& options) {
  ParseResult result;
  Attachments attachments;
  for (const File& file : files) {
    if (file.attached) attachments.Add(file.name, file.bytes);
  }
  size_t total = 0;
  for (const File& file : files) {
    if (file.attached) continue;
    if (file.bytes.size() > options.max_file_bytes) {
      result.findings.push_back(TooLarge(
          file, Cat("the file has ", file.bytes.size(), " bytes; at most ", options.max_file_bytes, " are read")));
      continue;
    }
    total += file.bytes.size();
    if (total > options.max_total_bytes) {
      result.findings.push_back(
          TooLarge(file, Cat("all files together have more than ", options.max_total_bytes, " bytes")));
      break;
    }
    ParseFile(file, options, attachments, result);
  }
  result.attachments = attachments.TakeNames();
  RefuseDuplicates(result);
  SortAndCap(result.findings, options.max_findings);
  return result;
}

}  // namespace penstock::manifests
