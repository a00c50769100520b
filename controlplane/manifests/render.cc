#include "controlplane/manifests/render.h"

#include <algorithm>

#include "controlplane/manifests/json_text.h"
#include "controlplane/manifests/line_index.h"
#include "controlplane/manifests/text.h"
#include "dataplane/base/printable.h"

namespace penstock::manifests {
namespace {

constexpr std::string_view kBold = "\x1b[1m", kRed = "\x1b[1;31m", kYellow = "\x1b[1;33m", kBlue = "\x1b[1;34m",
                           kGreen = "\x1b[32m", kReset = "\x1b[0m";

struct SeverityStyle {
  Finding::Severity severity;
  std::string_view name;
  std::string_view color;
};
constexpr SeverityStyle kStyles[] = {
    {Finding::ERROR, "error", kRed}, {Finding::WARNING, "warning", kYellow}, {Finding::NOTE, "note", kBlue}};

const SeverityStyle& StyleOf(const Finding& finding) {
  for (const SeverityStyle& style : kStyles) {
    if (style.severity == finding.severity()) return style;
  }
  return kStyles[0];
}

std::string Painted(std::string_view text, std::string_view color, bool on) {
  return on ? Cat(color, text, kReset) : std::string(text);
}

// Key material may stand on the line of a Secret, where a hash is expected, and by mistake elsewhere.
bool MayShowSource(const Finding& finding) {
  return !finding.object().starts_with("Secret") && !finding.object().starts_with("ApiKey ");
}

// "redis://user:password@host"
bool NamesUserInUrl(std::string_view line) {
  for (size_t at = line.find("://"); at != std::string_view::npos; at = line.find("://", at + 3)) {
    std::string_view authority = line.substr(at + 3);
    if (authority.substr(0, authority.find_first_of("/ \t\"'")).find('@') != std::string_view::npos) return true;
  }
  return false;
}

bool MayShowLine(std::string_view line) {
  constexpr std::string_view kMarks[] = {"PRIVATE KEY", "\"oct\"", "pk_"};  // the last one: of API keys
  return !NamesUserInUrl(line) && std::none_of(std::begin(kMarks), std::end(kMarks), [&](std::string_view mark) {
    return line.find(mark) != std::string_view::npos;
  });
}

std::string_view LineOf(std::string_view text, uint32_t line) {
  for (uint32_t i = 1; i < line && !text.empty(); ++i) {
    text.remove_prefix(std::min(text.find('\n'), text.size() - 1) + 1);
  }
  std::string_view found = text.substr(0, text.find('\n'));
  return found.ends_with('\r') ? found.substr(0, found.size() - 1) : found;
}

// Characters `begin` to `end` (from 0) of UTF-8 text.
std::string_view Characters(std::string_view text, uint32_t begin, uint32_t end) {
  size_t from = text.size(), to = text.size();
  uint32_t count = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if (CountCharacters(text.substr(i, 1)) == 0) continue;
    if (count == begin) from = i;
    if (count == end) to = i;
    ++count;
  }
  return from >= to ? std::string_view() : text.substr(from, to - from);
}

std::string Place(const Finding& finding) {
  if (finding.file().empty()) return finding.object();
  if (finding.line() == 0) return finding.file();
  return Cat(finding.file(), ":", finding.line(), ":", finding.column());
}

std::string Headline(const Finding& finding, bool color) {
  const SeverityStyle& style = StyleOf(finding);
  std::string place = Place(finding);
  std::string line = place.empty() ? "" : Cat(Painted(Printable(place), kBold, color), ": ");
  Append(line, Painted(Cat(style.name, ":"), style.color, color), " ");
  if (!finding.path().empty()) Append(line, Printable(finding.path()), ": ");
  Append(line, Printable(finding.message()));
  if (!finding.code().empty()) Append(line, " [", finding.code(), "]");
  return line + "\n";
}

// The source line and the caret under it, "" if the line is not known. Long lines are cut around the place.
std::string SourceLines(const Finding& finding, std::string_view text, bool color) {
  constexpr uint32_t kBefore = 60, kShown = 110;
  std::string_view line = LineOf(text, finding.line());
  uint32_t column = std::max(finding.column(), 1u) - 1;
  uint32_t total = CountCharacters(line);
  if (column > total || !MayShowLine(line)) return "";
  uint32_t begin = total > kShown && column > kBefore ? column - kBefore : 0;
  uint32_t end = std::min(total, begin + kShown);
  uint32_t length = std::clamp(finding.length(), 1u, std::max(1u, end - std::min(end, column)));
  std::string number = Cat(finding.line());
  std::string margin(std::max<size_t>(4, number.size()) - number.size() + 1, ' ');
  std::string shown = Printable(Characters(line, begin, end), Hidden::kOneColumn);
  std::string cut = begin > 0 ? "..." : "";
  std::string lines = Cat(margin, number, " | ", cut, shown, end < total ? "..." : "", "\n");
  Append(lines, std::string(margin.size() + number.size(), ' '), " | ", std::string(column - begin + cut.size(), ' '),
         Painted(std::string(length, '^'), kGreen, color));
  if (!finding.suggestion().empty()) Append(lines, " ", Painted(Printable(finding.suggestion()), kGreen, color));
  return lines + "\n";
}

std::string Block(const Finding& finding, const RenderOptions& options) {
  std::string block = Headline(finding, options.color);
  bool has_source = options.source && finding.line() > 0 && MayShowSource(finding);
  std::optional<std::string_view> text = has_source ? options.source(finding.file()) : std::nullopt;
  std::string lines = text.has_value() ? SourceLines(finding, *text, options.color) : "";
  if (!lines.empty()) return block + lines;
  if (!finding.suggestion().empty())
    Append(block, "       ", Painted(Printable(finding.suggestion()), kGreen, options.color), "\n");
  return block;
}

void AppendMember(std::string& json, std::string_view name, std::string_view value) {
  Append(json, json.back() == '{' ? "" : ", ", "\"", name, "\": ", JsonString(value));
}

void AppendMember(std::string& json, std::string_view name, uint32_t value) {
  Append(json, ", \"", name, "\": ", value);
}

std::string JsonOf(const Finding& finding) {
  std::string json = "{";
  AppendMember(json, "severity", StyleOf(finding).name);
  AppendMember(json, "code", finding.code());
  AppendMember(json, "file", finding.file());
  AppendMember(json, "line", finding.line());
  AppendMember(json, "column", finding.column());
  AppendMember(json, "length", finding.length());
  AppendMember(json, "object", finding.object());
  AppendMember(json, "path", finding.path());
  AppendMember(json, "message", finding.message());
  AppendMember(json, "suggestion", finding.suggestion());
  return json + "}";
}

}  // namespace

std::string RenderText(std::span<const Finding> findings, const RenderOptions& options) {
  std::string text;
  for (const Finding& finding : findings) text += Block(finding, options);
  return text;
}

std::string RenderJson(std::span<const Finding> findings) {
  std::string json = "[";
  for (const Finding& finding : findings) Append(json, json.size() == 1 ? "\n  " : ",\n  ", JsonOf(finding));
  return json + (findings.empty() ? "]\n" : "\n]\n");
}

std::string CountText(std::span<const Finding> findings) {
  std::string text;
  for (const SeverityStyle& style : kStyles) {
    auto count = std::count_if(findings.begin(), findings.end(),
                               [&](const Finding& finding) { return &StyleOf(finding) == &style; });
    if (count > 0) Append(text, text.empty() ? "" : ", ", count, " ", style.name, count == 1 ? "" : "s");
  }
  return text;
}

}  // namespace penstock::manifests
