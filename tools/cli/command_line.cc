#include "tools/cli/command_line.h"

#include "controlplane/manifests/nearest.h"
#include "dataplane/base/status.h"
#include "tools/cli/text.h"

namespace penstock::cli {
namespace {

const Flag* FindFlag(const Verb& verb, std::string_view name, char letter) {
  for (std::span<const Flag> flags : {verb.flags, verb.shared_flags, GlobalFlags()}) {
    for (const Flag& flag : flags) {
      if (letter != 0 ? flag.letter == letter : flag.name == name) return &flag;
    }
  }
  return nullptr;
}

absl::Status UnknownFlag(const Verb& verb, std::string_view typed) {
  std::vector<std::string> spelled;
  for (std::span<const Flag> flags : {verb.flags, verb.shared_flags, GlobalFlags()}) {
    for (const Flag& flag : flags) spelled.push_back(StrCat("--", flag.name));
  }
  std::vector<std::string_view> names(spelled.begin(), spelled.end());
  std::string hint = manifests::DidYouMean(manifests::Nearest(typed, names));
  if (hint.empty()) hint = StrCat("`penstock help ", verb.name, "` lists the flags");
  return absl::InvalidArgumentError(StrCat("unknown flag ", typed, "; ", hint));
}

// One argument that starts with a dash, split into its flag and, if written together, its value.
struct Written {
  const Flag* flag = nullptr;
  bool has_value = false;
  std::string_view value;
};

absl::StatusOr<Written> Split(const Verb& verb, std::string_view argument) {
  Written written;
  if (StartsWith(argument, "--")) {
    size_t equals = argument.find('=');
    std::string_view name = argument.substr(2, equals == std::string_view::npos ? equals : equals - 2);
    written.flag = FindFlag(verb, name, 0);
    written.has_value = equals != std::string_view::npos;
    if (written.has_value) written.value = argument.substr(equals + 1);
    if (written.flag == nullptr) return UnknownFlag(verb, StrCat("--", name));
    return written;
  }
  written.flag = FindFlag(verb, "", argument[1]);
  written.has_value = argument.size() > 2;
  written.value = argument.substr(2);
  if (StartsWith(written.value, "=")) written.value.remove_prefix(1);
  if (written.flag == nullptr) return UnknownFlag(verb, argument.substr(0, 2));
  return written;
}

}  // namespace

absl::StatusOr<CommandLine> CommandLine::Parse(const Verb& verb, std::span<const std::string> arguments) {
  CommandLine line;
  line.verb_ = &verb;
  for (size_t i = 0; i < arguments.size(); ++i) {
    std::string_view argument = arguments[i];
    if (argument == "--") {
      line.positionals_.insert(line.positionals_.end(), arguments.begin() + i + 1, arguments.end());
      break;
    }
    bool is_number = argument.size() > 1 && argument[1] >= '0' && argument[1] <= '9';  // `rollback -1`
    if (argument.size() < 2 || argument[0] != '-' || is_number) {
      line.positionals_.emplace_back(argument);
      continue;
    }
    ASSIGN_OR_RETURN(Written written, Split(verb, argument));
    const Flag& flag = *written.flag;
    if (flag.value.empty() && written.has_value) {
      return absl::InvalidArgumentError(StrCat("--", flag.name, " takes no value"));
    }
    if (!flag.value.empty() && !written.has_value) {
      if (i + 1 == arguments.size()) {
        return absl::InvalidArgumentError(StrCat("--", flag.name, " needs a value: --", flag.name, " ", flag.value));
      }
      written.value = arguments[++i];
    }
    line.values_[std::string(flag.name)].emplace_back(written.value);
  }
  return line;
}

std::string_view CommandLine::Positional(size_t index) const {
  return index < positionals_.size() ? std::string_view(positionals_[index]) : "";
}

std::string CommandLine::Get(std::string_view flag, std::string_view otherwise) const {
  auto it = values_.find(flag);
  return it == values_.end() ? std::string(otherwise) : it->second.back();
}

std::vector<std::string> CommandLine::All(std::string_view flag) const {
  auto it = values_.find(flag);
  return it == values_.end() ? std::vector<std::string>() : it->second;
}

absl::StatusOr<absl::Duration> CommandLine::Duration(std::string_view flag, absl::Duration otherwise) const {
  if (!Has(flag)) return otherwise;
  std::string text = Get(flag);
  absl::Duration duration;
  bool plain_seconds = text.find_first_not_of("0123456789.", StartsWith(text, "-") ? 1 : 0) == std::string::npos;
  bool ok = absl::ParseDuration(plain_seconds ? text + "s" : text, &duration);
  if (ok && duration >= absl::ZeroDuration()) return duration;
  if (ok) return absl::InvalidArgumentError(StrCat("--", flag, " ", text, ": a duration is not negative"));
  return absl::InvalidArgumentError(StrCat("--", flag, " ", text, ": not a duration; write it like 500ms, 30s or 2m"));
}

absl::StatusOr<uint64_t> CommandLine::Number(std::string_view flag, uint64_t otherwise) const {
  if (!Has(flag)) return otherwise;
  uint64_t number = 0;
  if (ReadNumber(Get(flag), &number)) return number;
  return absl::InvalidArgumentError(StrCat("--", flag, " ", Get(flag), ": not a number"));
}

absl::Status CommandLine::ExpectPositionals(size_t least, size_t most) const {
  std::string usage = StrCat("usage: penstock ", verb_->name, verb_->arguments.empty() ? "" : " ", verb_->arguments);
  if (positionals_.size() < least) return absl::InvalidArgumentError(StrCat("something is missing; ", usage));
  if (positionals_.size() > most) {
    return absl::InvalidArgumentError(StrCat("unexpected argument \"", positionals_[most], "\"; ", usage));
  }
  return absl::OkStatus();
}

}  // namespace penstock::cli
