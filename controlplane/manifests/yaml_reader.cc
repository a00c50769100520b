#include "controlplane/manifests/yaml_reader.h"

#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <istream>
#include <streambuf>
#include <string>

#include "controlplane/manifests/line_index.h"
#include "controlplane/manifests/surrogates.h"
#include "controlplane/manifests/text.h"
#include "controlplane/manifests/yaml_builder.h"
#include "controlplane/manifests/yaml_hints.h"
#include "dataplane/base/printable.h"

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

// A part of a file that begins at a line "---" (or at the top, or after a line "..."): a marker at the start of a line
// always ends a document, so each part is read by itself and an error in one does not hide the next.
struct Part {
  size_t first_line;
  std::string_view text;
};

bool IsMarker(std::string_view line, std::string_view marker) {
  return line.starts_with(marker) && (line.size() == 3 || line[3] == ' ' || line[3] == '\t');
}

bool IsBlank(std::string_view line) {
  size_t begin = line.find_first_not_of(" \t");
  return begin == std::string_view::npos || line[begin] == '#';
}

// Leaves out parts without content.
std::vector<Part> SplitDocuments(const LineIndex& lines) {
  std::vector<Part> parts;
  size_t first = 0;
  bool blank = true;
  auto end_part = [&](size_t end) {
    size_t begin = lines.StartOf(first);
    if (!blank) parts.push_back({first, lines.text().substr(begin, lines.StartOf(end) - begin)});
    blank = true;
  };
  for (size_t line = 0; line < lines.size(); ++line) {
    std::string_view text = lines.Line(line);
    if (IsMarker(text, "...")) {
      end_part(line);
      first = line + 1;
    } else if (IsMarker(text, "---")) {
      end_part(line);
      first = line;
      blank = IsBlank(text.substr(3));
    } else if (blank) {
      blank = IsBlank(text);
    }
  }
  end_part(lines.size());
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
  Position position = PositionFinder(lines).At(hint.line, lines.StartOf(hint.line) + hint.column, 1);
  sink.Error("E001", position, "", Cat("not YAML: ", hint.message), hint.suggestion);
}

// Where more maps and lists in { } and [ ] are open than anybody writes, counted without looking at quotes: yaml-cpp
// would keep a token for each before the first event comes. npos: nowhere.
size_t FindAbyss(std::string_view text) {
  constexpr int kOpen = 10'000;
  int open = 0;
  for (size_t at = text.find_first_of("[]{}"); at != std::string_view::npos; at = text.find_first_of("[]{}", at + 1)) {
    open += text[at] == '[' || text[at] == '{' ? 1 : -1;
    open = std::max(open, 0);
    if (open > kOpen) return at;
  }
  return std::string_view::npos;
}

void ReportText(Position position, FindingSink& sink) {
  sink.Error("E001", position, "", "not YAML: text after the end of the document",
             "begin the next document with a line ---, or look at the indentation");
}

void ReadPart(const Part& part, const LineIndex& lines, const YamlLimits& limits, FindingSink& sink,
              const std::function<void(const Document&)>& take) {
  sink.set_object(MayHoldSecrets(part.text) ? "Secret" : "");
  if (size_t abyss = FindAbyss(part.text); abyss != std::string_view::npos) {
    sink.Error("E004", PositionFinder(lines).At(lines.StartOf(part.first_line) + abyss, 1), "",
               Cat("maps and lists nest deeper than ", limits.max_depth, " levels"));
    return;
  }
  ViewBuffer buffer(part.text);
  std::istream stream(&buffer);
  YamlBuilder builder(part.text, part.first_line, lines, limits, sink);
  size_t errors = sink.errors();
  try {
    YAML::Parser parser(stream);
    if (!parser.HandleNextDocument(builder)) return;
    Document document = builder.TakeDocument();
    // yaml-cpp takes what follows a finished value for the next document.
    bool more = parser.HandleNextDocument(builder);
    if (more) ReportText(builder.start(), sink);
    document.has_errors = sink.errors() > errors;
    bool empty = document.root == nullptr || document.root->kind == NodeKind::kNull;
    if (!empty) take(document);
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
  std::string joined = JoinSurrogates(text);
  if (!joined.empty()) text = joined;
  LineIndex lines(text);
  size_t bad = FirstBadByte(text);
  if (bad != std::string_view::npos) {
    sink.set_object(MayHoldSecrets(text) ? "Secret" : "");
    size_t length = Utf8Length(text.substr(bad));
    bool control = length > 0;
    std::string what = Printable(text.substr(bad, std::max<size_t>(length, 1)));
    sink.Error("E003", PositionFinder(lines).At(bad, 1), "",
               control ? Cat("the control character ", what, " is not text") : Cat("the byte ", what, " is not UTF-8"),
               control ? "remove it, or write it as an escape in double quotes" : "save the file as UTF-8");
    return;
  }
  std::vector<Part> parts = SplitDocuments(lines);
  if (parts.size() > limits.max_documents) {
    sink.Error("E002", {}, "",
               Cat("the file has ", parts.size(), " documents; at most ", limits.max_documents, " are read"),
               "split it into several files");
    return;
  }
  for (const Part& part : parts) ReadPart(part, lines, limits, sink, take);
}

}  // namespace penstock::manifests
