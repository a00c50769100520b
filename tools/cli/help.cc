#include "tools/cli/help.h"

#include <vector>

#include "tools/cli/render/table.h"
#include "tools/cli/text.h"

namespace penstock::cli {
namespace {

std::string Usage(const Verb& verb) {
  return StrCat("penstock ", verb.name, verb.arguments.empty() ? "" : " ", verb.arguments,
                verb.flags.empty() && verb.shared_flags.empty() ? "" : " [flags]");
}

std::string Spelling(const Flag& flag) {
  std::string letter = flag.letter == 0 ? "    " : StrCat("-", std::string(1, flag.letter), ", ");
  return StrCat(letter, "--", flag.name, flag.value.empty() ? "" : " ", flag.value);
}

std::string FlagsText(std::span<const Flag> first, std::span<const Flag> second) {
  Table table({"", "", ""});
  for (std::span<const Flag> flags : {first, second}) {
    for (const Flag& flag : flags) table.Add({"", Spelling(flag), std::string(flag.help)});
  }
  std::string text = table.Text();
  return text.substr(text.find('\n') + 1);
}

std::string Indented(std::string_view text) {
  std::string out;
  for (std::string_view line : Split(text, "\n")) StrAppend(&out, line.empty() ? "" : "  ", line, "\n");
  return out;
}

// TEXT with lines of at most 100 columns; its own line breaks stay.
std::string Wrapped(std::string_view text) {
  std::string out;
  for (std::string_view line : Split(text, "\n")) {
    size_t column = 0;
    for (std::string_view word : Split(line, " ")) {
      bool fits = column == 0 || column + 1 + word.size() <= 100;
      StrAppend(&out, column == 0 ? "" : fits ? " " : "\n", word);
      column = (fits && column > 0 ? column + 1 : 0) + word.size();
    }
    out += '\n';
  }
  return out;
}

std::vector<std::string_view> Groups() {
  std::vector<std::string_view> groups;
  for (const Verb* verb : Verbs()) {
    bool shown = !verb->group.empty() && (groups.empty() || groups.back() != verb->group);
    if (shown) groups.push_back(verb->group);
  }
  return groups;
}

}  // namespace

std::string OverviewText() {
  std::string text =
      "penstock: an API gateway's fleet from the command line\n\nusage: penstock VERB [arguments] [flags]\n";
  for (std::string_view group : Groups()) {
    Table table({"", "", ""});
    for (const Verb* verb : Verbs()) {
      if (verb->group == group) table.Add({"", std::string(verb->name), std::string(verb->summary)});
    }
    std::string rows = table.Text();
    StrAppend(&text, "\n", group, "\n", rows.substr(rows.find('\n') + 1));
  }
  return text + "\nFirst steps:  penstock up --demo\nMore:         penstock help VERB\n";
}

std::string VerbText(const Verb& verb) {
  std::string text = StrCat(verb.summary, "\n\nusage: ", Usage(verb), "\n");
  if (!verb.details.empty()) StrAppend(&text, "\n", Wrapped(verb.details));
  if (!verb.flags.empty() || !verb.shared_flags.empty()) {
    StrAppend(&text, "\nflags\n", FlagsText(verb.flags, verb.shared_flags));
  }
  StrAppend(&text, "\nflags of every verb\n", FlagsText(GlobalFlags(), {}));
  if (!verb.example.empty()) StrAppend(&text, "\nexample\n", Indented(verb.example));
  return text;
}

std::string CliPage() {
  std::string page =
      "# penstock: the command line\n\n"
      "This page is made from the table of verbs (`penstock help --markdown`); a test keeps it equal.\n\n"
      "Data goes to standard output, everything about the doing to standard error. On a terminal a wait shows one\n"
      "line that changes; elsewhere every change of state is a line. `-o json` and `-o yaml` carry an `apiVersion`.\n\n"
      "## Exit codes\n\nOne table for all verbs and all formats.\n\n| Code | Meaning |\n|---|---|\n";
  for (const ExitRow& row : kExits) StrAppend(&page, "| ", static_cast<int>(row.exit), " | ", row.meaning, " |\n");
  StrAppend(
      &page,
      "\n## Finding the control plane\n\n"
      "Address and certificates come from flags, else from the environment, else from a context of the config file\n"
      "`~/.config/penstock/config` (`PENSTOCK_CONFIG` names another one). `penstock up` writes its context there, so\n"
      "that the other verbs work in another terminal without flags. The connection is always mutual TLS.\n\n"
      "```\ncurrent = prod\n\n[prod]\nserver = penstock.internal:9443\ncert = /etc/penstock/operator-ada.crt\n"
      "key = /etc/penstock/operator-ada.key\nca = /etc/penstock/ca.crt\n```\n\n## Flags of every verb\n\n```\n",
      FlagsText(GlobalFlags(), {}), "```\n");
  for (const Verb* verb : Verbs()) {
    if (verb->group.empty()) continue;
    StrAppend(&page, "\n## penstock ", verb->name, "\n\n", verb->summary, ".\n\n```\n", Usage(*verb), "\n");
    if (!verb->flags.empty() || !verb->shared_flags.empty()) {
      StrAppend(&page, "\n", FlagsText(verb->flags, verb->shared_flags));
    }
    StrAppend(&page, "```\n");
    if (!verb->details.empty()) StrAppend(&page, "\n", Wrapped(verb->details));
    if (!verb->example.empty()) StrAppend(&page, "\n```\n", verb->example, "\n```\n");
  }
  return page;
}

}  // namespace penstock::cli
