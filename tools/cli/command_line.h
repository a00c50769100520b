#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "tools/cli/verb.h"

namespace penstock::cli {

// What was typed, checked against one verb's flags and the global ones.
class CommandLine {
 public:
  // `arguments` is what follows the verb. Flags and positionals may be mixed; "--" ends the flags; "--flag=value",
  // "--flag value", "-f value" and "-fvalue" are the same. Everything after "--" is in Positionals().
  static absl::StatusOr<CommandLine> Parse(const Verb& verb, std::span<const std::string> arguments);

  const Verb& verb() const { return *verb_; }
  const std::vector<std::string>& Positionals() const { return positionals_; }
  // "" beyond the last.
  std::string_view Positional(size_t index) const;

  bool Has(std::string_view flag) const { return values_.contains(flag); }
  // The last value given, else `otherwise`.
  std::string Get(std::string_view flag, std::string_view otherwise = "") const;
  // All values given, in order.
  std::vector<std::string> All(std::string_view flag) const;
  // "30s", "1m30s", "500ms", or plain seconds "30".
  absl::StatusOr<absl::Duration> Duration(std::string_view flag, absl::Duration otherwise) const;
  absl::StatusOr<uint64_t> Number(std::string_view flag, uint64_t otherwise) const;

  // Refuses more or fewer positionals than this, in words that say what is missing.
  absl::Status ExpectPositionals(size_t least, size_t most) const;

 private:
  const Verb* verb_ = nullptr;
  std::vector<std::string> positionals_;
  std::map<std::string, std::vector<std::string>, std::less<>> values_;
};

}  // namespace penstock::cli
