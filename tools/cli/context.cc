#include "tools/cli/context.h"

#include <vector>

#include "controlplane/manifests/nearest.h"
#include "dataplane/base/status.h"
#include "tools/cli/files.h"
#include "tools/cli/text.h"

namespace penstock::cli {
namespace {

struct Field {
  std::string_view name;
  const char* variable;
  std::string Target::* member;
};

constexpr Field kFields[] = {
    {"server", "PENSTOCK_SERVER", &Target::server},
    {"cert", "PENSTOCK_CERT", &Target::cert},
    {"key", "PENSTOCK_KEY", &Target::key},
    {"ca", "PENSTOCK_CA", &Target::ca},
};

constexpr std::string_view kWhatToDo =
    "\n  start a fleet on this machine:  penstock up --demo"
    "\n  or name a running one:          penstock --server HOST:PORT --cert FILE --key FILE --ca FILE ...";

absl::StatusOr<Target> FromContext(const CommandLine& line, const Environment& environment, const ContextFile& file) {
  std::string asked = line.Get("context", environment.Get("PENSTOCK_CONTEXT"));
  std::string name = asked.empty() ? file.current : asked;
  auto it = file.contexts.find(name);
  if (it != file.contexts.end()) {
    Target target = it->second;
    target.origin = StrCat("context \"", name, "\" in ", environment.ConfigFile());
    return target;
  }
  if (asked.empty()) return Target{};
  std::vector<std::string_view> known;
  for (const auto& [context, unused] : file.contexts) known.push_back(context);
  std::string hint = manifests::DidYouMean(manifests::Nearest(asked, known));
  if (hint.empty()) hint = known.empty() ? "it has none" : StrCat("it has: ", Join(known, ", "));
  return absl::InvalidArgumentError(StrCat("no context \"", asked, "\" in ", environment.ConfigFile(), "; ", hint));
}

}  // namespace

absl::StatusOr<Target> ResolveTarget(const CommandLine& line, const Environment& environment, const ContextFile& file) {
  ASSIGN_OR_RETURN(Target target, FromContext(line, environment, file));
  for (const Field& field : kFields) {
    if (line.Has(field.name)) {
      target.*field.member = line.Get(field.name);
      target.origin = "flags";
    } else if (environment.Has(field.variable)) {
      target.*field.member = environment.Get(field.variable);
      if (target.origin != "flags") target.origin = "environment";
    }
  }
  if (target.server.empty()) return absl::UnavailableError(StrCat("no control plane is named", kWhatToDo));
  for (const Field& field : kFields) {
    if (!(target.*field.member).empty()) continue;
    return absl::UnavailableError(StrCat("the control plane at ", target.server, " asks for a certificate, and --",
                                         field.name, " (or ", field.variable, ") is missing",
                                         "\n  make one:  penstock cert issue DIR --operator NAME"));
  }
  return target;
}

absl::StatusOr<Target> ResolveTarget(const CommandLine& line, const Environment& environment) {
  ASSIGN_OR_RETURN(ContextFile file, ContextFile::Read(environment.ConfigFile()));
  return ResolveTarget(line, environment, file);
}

absl::StatusOr<ContextFile> ContextFile::ParseText(std::string_view text, std::string_view file) {
  ContextFile parsed;
  Target* section = nullptr;
  int number = 0;
  for (std::string_view raw : Split(text, "\n")) {
    ++number;
    std::string_view row = StripWhitespace(raw);
    if (row.empty() || row[0] == '#') continue;
    if (row.front() == '[' && row.back() == ']') {
      section = &parsed.contexts[std::string(StripWhitespace(row.substr(1, row.size() - 2)))];
      continue;
    }
    std::pair<std::string_view, std::string_view> pair = SplitOnce(row, '=');
    std::string_view key = StripWhitespace(pair.first);
    std::string value(StripWhitespace(pair.second));
    bool known = section == nullptr && key == "current";
    if (known) parsed.current = value;
    for (const Field& field : kFields) {
      if (section == nullptr || key != field.name) continue;
      section->*field.member = value;
      known = true;
    }
    if (known) continue;
    return absl::InvalidArgumentError(StrCat(file, ":", number,
                                             ": expected \"current = NAME\", \"[NAME]\", or server, ",
                                             "cert, key or ca under one; found \"", row.substr(0, 80), "\""));
  }
  return parsed;
}

absl::StatusOr<ContextFile> ContextFile::Read(const std::string& path) {
  absl::StatusOr<std::string> text = ReadFile(path);
  if (absl::IsNotFound(text.status())) return ContextFile{};
  if (!text.ok()) return absl::InvalidArgumentError(text.status().message());
  return ParseText(*text, path);
}

std::string ContextFile::Text() const {
  std::string text = "# Written by penstock; where `penstock status` and the other verbs find the control plane.\n";
  if (!current.empty()) StrAppend(&text, "current = ", current, "\n");
  for (const auto& [name, target] : contexts) {
    StrAppend(&text, "\n[", name, "]\n");
    for (const Field& field : kFields) {
      if (!(target.*field.member).empty()) StrAppend(&text, field.name, " = ", target.*field.member, "\n");
    }
  }
  return text;
}

absl::Status ContextFile::Write(const std::string& path) const { return WriteFileAtomically(path, Text()); }

}  // namespace penstock::cli
