#include <algorithm>
#include <set>

#include "controlplane/manifests/codes.h"
#include "controlplane/manifests/kinds.h"
#include "dataplane/base/status.h"
#include "tools/cli/change.h"
#include "tools/cli/text.h"
#include "tools/cli/verbs/verbs.h"

namespace penstock::cli {
namespace {

constexpr std::string_view kBash = R"(# penstock completion for bash:  source <(penstock completion bash)
_penstock() {
  local IFS=$'\n' words
  words=$(penstock __complete -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null) || return
  if [[ $words == ':files' ]]; then compopt -o default; COMPREPLY=(); return; fi
  COMPREPLY=($(compgen -W "$words" -- "${COMP_WORDS[COMP_CWORD]}"))
}
complete -F _penstock penstock
)";

constexpr std::string_view kZsh = R"(#compdef penstock
# penstock completion for zsh:  source <(penstock completion zsh)
_penstock() {
  local -a found
  found=("${(@f)$(penstock __complete -- "${(@)words[2,CURRENT]}" 2>/dev/null)}")
  if [[ ${found[1]} == ':files' ]]; then _files; else compadd -a found; fi
}
compdef _penstock penstock
)";

constexpr std::string_view kFish = R"(# penstock completion for fish:  penstock completion fish | source
function __penstock_complete
  set -l words (commandline -opc) (commandline -ct)
  set -l found (penstock __complete -- $words[2..-1] 2>/dev/null)
  if test "$found[1]" = ':files'
    __fish_complete_path (commandline -ct)
  else
    printf '%s\n' $found
  end
end
complete -c penstock -f -a '(__penstock_complete)'
)";

absl::StatusOr<Exit> RunCompletion(Invocation& call) {
  RETURN_IF_ERROR(call.line.ExpectPositionals(1, 1));
  std::string_view shell = call.line.Positional(0);
  std::string_view script = shell == "bash" ? kBash : shell == "zsh" ? kZsh : shell == "fish" ? kFish : "";
  if (script.empty())
    return absl::InvalidArgumentError(StrCat("no completion for \"", shell, "\"; one of bash, zsh, fish"));
  call.console.Out(script);
  return Exit::kOk;
}

using Words = std::vector<std::string>;

// How long a key press may wait for the control plane.
constexpr absl::Duration kServerLimit = absl::Milliseconds(100);

Words Kinds() {
  Words words;
  for (const manifests::Kind& kind : manifests::BuiltInKinds().all()) words.push_back(kind.plural);
  return words;
}

Words Names(Invocation& call, const std::string& kind) {
  absl::StatusOr<std::unique_ptr<Client>> client = OpenClient(call);
  if (!client.ok()) return {};
  api::GetRequest request;
  request.set_kind(kind);
  absl::StatusOr<std::vector<api::StoredObject>> objects = (*client)->Get(request, kServerLimit);
  std::set<std::string> names;
  if (!objects.ok()) return {};
  for (const api::StoredObject& object : *objects) names.insert(object.ref().name());
  return Words(names.begin(), names.end());
}

Words VerbNames() {
  Words words;
  for (const Verb* verb : Verbs()) {
    if (!verb->group.empty()) words.emplace_back(verb->name);
  }
  return words;
}

Words FlagNames(const Verb& verb) {
  Words words;
  for (std::span<const Flag> flags : {verb.flags, verb.shared_flags, GlobalFlags()}) {
    for (const Flag& flag : flags) words.push_back(StrCat("--", flag.name));
  }
  return words;
}

// The flag whose value is being typed, if the word before is one that takes a value.
const Flag* FlagBefore(const Verb& verb, std::string_view before) {
  for (std::span<const Flag> flags : {verb.flags, verb.shared_flags, GlobalFlags()}) {
    for (const Flag& flag : flags) {
      bool is_it =
          before == StrCat("--", flag.name) || (flag.letter != 0 && before == StrCat("-", std::string(1, flag.letter)));
      if (is_it) return flag.value.empty() ? nullptr : &flag;
    }
  }
  return nullptr;
}

Words ValuesOf(const Flag& flag) {
  if (flag.name == "output") return {"table", "json", "yaml"};
  if (StrContains(flag.value, "FILE") || StrContains(flag.value, "DIR")) return {":files"};
  if (flag.name == "wait") return {"served", "acked", "none"};
  if (flag.name == "for") return {"served", "acked"};
  return {};
}

Words Arguments(Invocation& call, const Verb& verb, const Words& before) {
  bool first = before.empty();
  if (verb.name == "help") return first ? VerbNames() : Words{};
  if (verb.name == "completion") return {"bash", "zsh", "fish"};
  if (verb.name == "cert") return first ? Words{"init", "issue"} : Words{":files"};
  if (verb.name == "lint") return {":files"};
  bool takes_kinds = StrContains(verb.arguments, "KIND");
  if (!takes_kinds) return {};
  if (!first) return verb.name == "explain" ? Words{} : Names(call, before[0]);
  Words words = Kinds();
  if (verb.name != "explain") return words;
  words.insert(words.begin(), "request");
  for (const manifests::MessageCode& code : manifests::AllCodes()) words.emplace_back(code.code);
  return words;
}

// `typed`: all words after "penstock", the last one unfinished.
Words Candidates(Invocation& call, const Words& typed) {
  if (typed.size() <= 1) return VerbNames();
  const Verb* verb = FindVerb(typed[0]);
  if (verb == nullptr) return {};
  if (const Flag* flag = FlagBefore(*verb, typed[typed.size() - 2])) return ValuesOf(*flag);
  if (StartsWith(typed.back(), "-")) return FlagNames(*verb);
  Words before;
  for (size_t i = 1; i + 1 < typed.size(); ++i) {
    bool is_value = FlagBefore(*verb, typed[i - 1]) != nullptr;
    if (!is_value && !StartsWith(typed[i], "-")) before.push_back(typed[i]);
  }
  return Arguments(call, *verb, before);
}

absl::StatusOr<Exit> RunComplete(Invocation& call) {
  Words words = Candidates(call, call.line.Positionals());
  call.console.Out(words.empty() ? "" : Join(words, "\n") + "\n");
  return Exit::kOk;
}

}  // namespace

const Verb kCompletion = {
    .name = "completion",
    .group = "About",
    .summary = "Prints the completion for a shell",
    .arguments = "bash|zsh|fish",
    .flags = {},
    .shared_flags = {},
    .details =
        "Completes verbs, flags, kinds and codes, and the names of objects from the control plane if it answers "
        "within 100 ms.",
    .example = "source <(penstock completion bash)",
    .run = RunCompletion,
};

// Hidden: what the completion scripts ask.
const Verb kComplete = {
    .name = "__complete",
    .group = "",
    .summary = "Prints what could stand at the cursor",
    .arguments = "-- WORD...",
    .flags = {},
    .shared_flags = {},
    .details = "",
    .example = "",
    .run = RunComplete,
};

}  // namespace penstock::cli
