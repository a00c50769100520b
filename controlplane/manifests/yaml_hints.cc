#include "controlplane/manifests/yaml_hints.h"

#include <algorithm>
#include <optional>

#include "controlplane/manifests/text.h"
#include "re2/re2.h"

namespace penstock::manifests {
namespace {

// A trap: a line that looks like this, and what to do. The first group is what the caret shows.
struct Trap {
  const char* pattern;
  const char* message;
  const char* suggestion;
};

constexpr Trap kTraps[] = {
    {R"(^ *(\t))", "a tab in the indentation", "YAML is indented with spaces only"},
    {R"([{,]\s*[\w./-]+:\s+([^\s"',{}\[\]]*\?[^"',{}\[\]]*))", "a value with ? inside { } must be quoted",
     "quote the value: \"/products?sort=top\""},
    {R"((?:^|[:\-\[,{]\s+|\[)(\*[.\w-]*\.[\w.-]+))", "a value that begins with * must be quoted",
     "quote the value: \"*.example.com\""},
    {R"((?:[:\-\[,{]\s+|\[)([@`%]\S*))", "a value must not begin with @, ` or %", "quote the value"},
    {R"(^\s*(?:- +)?[\w.-]+:\s+[^"'{\[|>#&*\s][^"'#]*?(: ))", "a value with \": \" in it must be quoted",
     "quote the value"},
    {R"(^\s*(?:- +)*([A-Za-z_][\w-]*:[^\s/:"'][^\s]*)\s*(?:#.*)?$)", "a space is missing after the colon",
     "write `name: value`"},
    {R"(^\s*[\w.-]+:\s+(- ))", "a list cannot begin on the line of its key",
     "put the \"- \" on a line of its own, or write [a, b]"},
    {R"(^\s*(-[A-Za-z"'{][^:]*:))", "a space is missing after the dash", "write `- name: value`"},
};

// Lines above the place where the parser gave up that may hold the cause.
constexpr size_t kLinesBack = 2;

// yaml-cpp's words -> ours; what is not here is shown as it is.
struct Wording {
  const char* theirs;
  const char* ours;
};
constexpr Wording kWordings[] = {
    {"illegal map value",
     "a colon where no value can begin (is a line above indented differently, or a quote missing?)"},
    {"end of map not found", "the indentation does not fit the map above it"},
    {"end of sequence not found", "the indentation does not fit the list above it"},
    {"end of map flow not found", "a { is never closed by }"},
    {"end of sequence flow not found", "a [ is never closed by ]"},
    {"illegal flow end", "a closing } or ] without its opening one"},
    {"illegal block entry", "a list item (-) where no list can begin"},
    {"unknown token", "a character that cannot begin a value here; quote the value"},
    {"the referenced anchor is not defined",
     "an alias (*) to an anchor (&) that is not there; quote the value if it begins with *"},
};

std::optional<YamlHint> FindTrap(const LineIndex& lines, size_t line) {
  // Longer lines are no hand-written ones, and a hint is worth no more time.
  constexpr size_t kMaxLine = 1000;
  std::string_view text = lines.Line(line);
  if (text.size() > kMaxLine) return std::nullopt;
  re2::StringPiece found;
  for (const Trap& trap : kTraps) {
    if (!RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), trap.pattern, &found)) continue;
    return YamlHint{trap.message, trap.suggestion, line, static_cast<size_t>(found.data() - text.data())};
  }
  return std::nullopt;
}

}  // namespace

YamlHint ExplainYamlError(const LineIndex& lines, size_t first_line, size_t line, size_t column,
                          const std::string& message) {
  line = std::min(line, lines.size() - 1);
  for (size_t back = 0; back <= kLinesBack && line >= first_line + back; ++back) {
    std::optional<YamlHint> trap = FindTrap(lines, line - back);
    if (trap.has_value()) return *trap;
  }
  if (message.starts_with("invalid unicode")) {
    return {"\\u escapes of half a surrogate pair (\\ud800 to \\udfff), or of more than \\U0010ffff, are no characters",
            "write the character itself", line, column};
  }
  for (const Wording& wording : kWordings) {
    if (message == wording.theirs) return {wording.ours, "", line, column};
  }
  return {message, "", line, column};
}

}  // namespace penstock::manifests
