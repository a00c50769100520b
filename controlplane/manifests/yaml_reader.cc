#include "controlplane/manifests/yaml_reader.h"

#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <istream>
#include <streambuf>
#include <string>

#include "controlplane/manifests/line_index.h"
#include "controlplane/manifests/text.h"
#include "controlplane/manifests/yaml_builder.h"
#include "controlplane/manifests/yaml_hints.h"

namespace penstock::manifests {
namespace {

// A stream over bytes that somebody else owns.
class ViewBuffer : public std::streambuf {
 public:
  explicit ViewBuffer(std::string_view text) {
    char* begin = const_cast<char*>(text.data());  // NOLINT: streambuf wants char*, and only reads
    setg(begin, begin, begin + text.size());
  }
};

// A part of a file that begins at a line "---" (or at the top): a marker at the start of a line always ends a document,
// so each part is read by itself and an error in one does not hide the next.
struct Part {
  size_t first_line;
  std::string_view text;
};

bool IsMarker(std::string_view line) {
  return line.starts_with("---") && (line.size() == 3 || line[3] == ' ' || line[3] == '\t');
}

std::vector<Part> SplitDocuments(std::string_view text, const LineIndex& lines) {
  std::vector<Part> parts;
  size_t first = 0;
  for (size_t line = 1; line <= lines.size(); ++line) {
    if (line < lines.size() && !IsMarker(lines.Line(line))) continue;
    parts.push_back({first, text.substr(lines.StartOf(first), lines.StartOf(line) - lines.StartOf(first))});
    first = line;
  }
  return parts;
}

// True if the text of a document that cannot be read is likely to hold key material: its lines are not shown then.
bool MayHoldSecrets(std::string_view text) {
  return text.find("Secret") != std::string_view::npos || text.find("PRIVATE KEY") != std::string_view::npos;
}

void ReportYamlError(const YAML::Exception& error, const Part& part, const LineIndex& lines, FindingSink& sink) {
  size_t line = part.first_line + static_cast<size_t>(std::max(error.mark.line, 0));
  size_t column = static_cast<size_t>(std::max(error.mark.column, 0));
  YamlHint hint = ExplainYamlError(lines, part.first_line, line, column, error.msg);
  Position position = lines.At(hint.line, lines.StartOf(hint.line) + hint.column, 1);
  sink.set_object(MayHoldSecrets(part.text) ? "Secret" : "");
  sink.Error("E001", position, "", Cat("not YAML: ", hint.message), hint.suggestion);
}

void ReadPart(const Part& part, const LineIndex& lines, const YamlLimits& limits, FindingSink& sink,
              const std::function<void(const Document&)>& take) {
  ViewBuffer buffer(part.text);
  std::istream stream(&buffer);
  YamlBuilder builder(part.text, part.first_line, lines, limits, sink);
  sink.set_object("");
  try {
    YAML::Parser parser(stream);
    size_t errors = sink.errors();
    while (parser.HandleNextDocument(builder)) {
      Document document = builder.TakeDocument();
      document.has_errors = sink.errors() > errors;
      bool empty = document.root == nullptr || document.root->kind == NodeKind::kNull;
      if (!empty) take(document);
      errors = sink.errors();
    }
  } catch (const StopReading&) {
    // The finding was made where it was seen.
  } catch (const YAML::Exception& error) {
    ReportYamlError(error, part, lines, sink);
  }
}

}  // namespace

void ReadYaml(std::string_view text, const YamlLimits& limits, FindingSink& sink,
              const std::function<void(const Document&)>& take) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  LineIndex lines(text);
  size_t bad = FirstBadByte(text);
  if (bad != std::string_view::npos) {
    bool control = static_cast<unsigned char>(text[bad]) < 0x80;
    sink.Error(
        "E003", lines.At(bad, 1), "",
        control ? Cat("the control character ", static_cast<int>(text[bad]), " is not text") : "this byte is not UTF-8",
        control ? "remove it, or write it as an escape in double quotes" : "save the file as UTF-8");
    return;
  }
  for (const Part& part : SplitDocuments(text, lines)) ReadPart(part, lines, limits, sink, take);
}

}  // namespace penstock::manifests
