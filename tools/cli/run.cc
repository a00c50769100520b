#include "tools/cli/run.h"

#include <vector>

#include "controlplane/manifests/formats.h"
#include "controlplane/manifests/nearest.h"
#include "dataplane/base/printable.h"
#include "dataplane/base/status.h"
#include "tools/cli/help.h"
#include "tools/cli/invocation.h"
#include "tools/cli/render/failure.h"
#include "tools/cli/text.h"

namespace penstock::cli {
namespace {

constexpr size_t kShownNamespace = 80;

absl::Status UnknownVerb(std::string_view typed) {
  std::vector<std::string_view> names;
  for (const Verb* verb : Verbs()) {
    if (!verb->group.empty()) names.push_back(verb->name);
  }
  std::string hint = manifests::DidYouMean(manifests::Nearest(typed, names));
  return absl::InvalidArgumentError(
      StrCat("unknown verb \"", typed, "\"; ", hint.empty() ? "`penstock help` lists them" : hint));
}

// Flags may stand before the verb: `penstock -o json status`. Gives the verb's place.
size_t PlaceOfVerb(std::span<const std::string> arguments) {
  for (size_t i = 0; i < arguments.size(); ++i) {
    std::string_view argument = arguments[i];
    if (argument.empty() || argument[0] != '-') return i;
    bool value_follows = false;
    for (const Flag& flag : GlobalFlags()) {
      bool is_it = argument == StrCat("--", flag.name) ||
                   (flag.letter != 0 && argument == StrCat("-", std::string(1, flag.letter)));
      value_follows |= is_it && !flag.value.empty();
    }
    if (value_follows) ++i;
  }
  return arguments.size();
}

absl::StatusOr<Format> FormatOf(const CommandLine& line) {
  std::string name = line.Get("output", "table");
  if (name == "table") return Format::kTable;
  if (name == "json") return Format::kJson;
  if (name == "yaml") return Format::kYaml;
  return absl::InvalidArgumentError(StrCat("--output ", name, ": unknown format; one of table, json, yaml"));
}

// A name that no manifest may have would be stored with the objects that name none, and never be found again.
absl::Status CheckNamespace(const CommandLine& line) {
  if (!line.Has("namespace")) return absl::OkStatus();
  const manifests::Format& format = *manifests::FindFormat("dns_label");
  for (const std::string& ns : line.All("namespace")) {
    if (!format.matches(ns)) {
      return absl::InvalidArgumentError(StrCat("--namespace \"", Printable(ns.substr(0, kShownNamespace)),
                                               ns.size() > kShownNamespace ? "..." : "",
                                               "\": not a namespace; it must be ", format.description));
    }
  }
  return absl::OkStatus();
}

// Success without its output is none.
Exit WithOutput(Exit exit, Console& console) {
  if (console.lost_output().empty()) return exit;
  console.Error(
      StrCat(console.PaintErr(Colour::kRed, "error:"), " standard output cannot be written: ", console.lost_output()));
  return exit == Exit::kOk ? Exit::kOutputLost : exit;
}

}  // namespace

Exit Run(std::span<const std::string> arguments, const Environment& environment, Terminals terminals, std::ostream& out,
         std::ostream& err) {
  Console::Options options;
  bool colours = !environment.Has("NO_COLOR") && environment.Get("TERM") != "dumb";
  options.out_colour = colours && terminals.out;
  options.err_colour = colours && terminals.err;
  options.out_is_terminal = terminals.out;
  options.err_is_terminal = terminals.err && environment.Get("TERM") != "dumb";

  static const std::string kVersionArguments[] = {"version"};  // what other programs call it
  if (arguments.size() == 1 && arguments[0] == "--version") arguments = kVersionArguments;

  size_t place = PlaceOfVerb(arguments);
  std::vector<std::string> rest(arguments.begin(), arguments.begin() + static_cast<ptrdiff_t>(place));
  if (place < arguments.size())
    rest.insert(rest.end(), arguments.begin() + static_cast<ptrdiff_t>(place) + 1, arguments.end());
  const Verb* verb = FindVerb(place < arguments.size() ? arguments[place] : "help");
  if (verb == nullptr) {
    Console console(out, err, options);
    return TellFailure(UnknownVerb(arguments[place]), console);
  }
  absl::StatusOr<CommandLine> line = CommandLine::Parse(*verb, rest);
  absl::StatusOr<Format> format = line.ok() ? FormatOf(*line) : line.status();
  if (!format.ok()) {
    Console console(out, err, options);
    return TellFailure(format.status(), console);
  }
  options.format = *format;
  options.quiet = line->Has("quiet");
  if (line->Has("no-color")) options.out_colour = options.err_colour = false;
  Console console(out, err, options);
  if (line->Has("help")) {
    console.Out(verb == FindVerb("help") ? OverviewText() : VerbText(*verb));
    return WithOutput(Exit::kOk, console);
  }
  Invocation invocation{*line, console, environment};
  absl::Status checked = CheckNamespace(*line);
  absl::StatusOr<Exit> exit = checked.ok() ? verb->run(invocation) : checked;
  return WithOutput(exit.ok() ? *exit : TellFailure(exit.status(), console), console);
}

}  // namespace penstock::cli
