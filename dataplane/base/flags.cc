#include "dataplane/base/flags.h"

#include <algorithm>
#include <cstddef>
#include <map>

#include "absl/flags/commandlineflag.h"
#include "absl/flags/reflection.h"
#include "dataplane/base/strings.h"

namespace penstock {
namespace {

std::string AsTyped(std::string name) {
  std::replace(name.begin(), name.end(), '_', '-');
  return "--" + name;
}

bool IsNegatedBool(std::string_view name) {
  if (!name.starts_with("no")) return false;
  const absl::CommandLineFlag* flag = absl::FindCommandLineFlag(ToAbsl(name.substr(2)));
  return flag != nullptr && flag->IsOfType<bool>();
}

// --version, --helpfull and their like are no flags for reflection.
bool IsAnsweredByTheLibrary(std::string_view name) { return name == "version" || name.starts_with("help"); }

}  // namespace

std::vector<std::string> WithUnderscores(int argc, char** argv) {
  std::vector<std::string> arguments(argv, argv + argc);
  for (size_t i = 1; i < arguments.size() && arguments[i] != "--"; ++i) {
    std::string& argument = arguments[i];
    if (!argument.starts_with("--")) continue;
    const size_t end = std::min(argument.find('='), argument.size());
    std::replace(argument.begin() + 2, argument.begin() + static_cast<std::ptrdiff_t>(end), '-', '_');
  }
  return arguments;
}

Status CheckFlags(const std::vector<std::string>& arguments) {
  for (size_t i = 1; i < arguments.size() && arguments[i] != "--"; ++i) {
    const std::string& argument = arguments[i];
    if (argument.size() < 2 || argument[0] != '-') continue;
    const size_t start = argument[1] == '-' ? 2 : 1;
    const size_t end = std::min(argument.find('='), argument.size());
    const std::string name = argument.substr(start, end - start);
    if (IsNegatedBool(name) || IsAnsweredByTheLibrary(name)) continue;
    absl::CommandLineFlag* flag = absl::FindCommandLineFlag(name);
    if (flag == nullptr) {
      return absl::InvalidArgumentError(StrCat("unknown flag ", AsTyped(name), "; --help lists the flags"));
    }
    const bool has_value = end < argument.size();
    if (!has_value && flag->IsOfType<bool>()) continue;
    if (!has_value && ++i == arguments.size()) {
      return absl::InvalidArgumentError(StrCat(AsTyped(name), ": a value is missing; --help says which"));
    }
    const std::string value = has_value ? argument.substr(end + 1) : arguments[i];
    std::string ignored;
    if (flag->ParseFrom(value, &ignored)) continue;
    return absl::InvalidArgumentError(
        StrCat(AsTyped(name), ": cannot read \"", value, "\"; --help says what to write"));
  }
  return absl::OkStatus();
}

std::string HelpIfAsked(const std::vector<std::string>& arguments, std::string_view summary, std::string_view folder) {
  const bool asked = std::any_of(arguments.begin(), arguments.end(),
                                 [](const std::string& argument) { return argument == "--help" || argument == "-h"; });
  if (!asked) return "";
  std::map<std::string, std::string> lines;
  for (const auto& [name, flag] : absl::GetAllFlags()) {
    if (flag->Filename().find(std::string(folder)) == std::string::npos) continue;
    const std::string standard = flag->DefaultValue();
    lines[AsTyped(std::string(name))] = StrCat(flag->Help(), standard.empty() ? "" : StrCat("; default ", standard));
  }
  std::string text = StrCat(summary, "\n\n");
  for (const auto& [name, help] : lines) {
    text += StrCat("  ", name, std::string(name.size() < 20 ? 20 - name.size() : 0, ' '), "  ", help, "\n");
  }
  return text;
}

}  // namespace penstock
