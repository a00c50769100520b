#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "dataplane/exchange/reason.h"

namespace penstock::policies {

// What a policy asks the world for, by name: a key set, a counter, an answer. Live traffic fetches Facts and hands them
// to the policy's pure decision; explain hands the same decision those that it has.
class Facts {
 public:
  virtual ~Facts() = default;

  // NAME is "TYPE/..." as the policy of TYPE documents it, or "secret/RESOURCE/KEY": what a Secret holds. nullopt: not
  // known here. As long as this lives.
  virtual std::optional<std::string_view> Find(std::string_view name) const = 0;
};

// None is known: explain without a data plane.
class NoFacts final : public Facts {
 public:
  std::optional<std::string_view> Find(std::string_view) const override { return std::nullopt; }
};

// What a policy would do with a request, and why: for people.
struct Judgement {
  enum class Outcome {
    kPass,
    kDeny,     // answered with the reason's status
    kUnknown,  // a Fact is missing; goes on, or is answered with the reason's status
  };

  static Judgement Pass(std::string why) { return {Outcome::kPass, Reason::kNone, std::move(why)}; }
  static Judgement Deny(Reason reason, std::string why) { return {Outcome::kDeny, reason, std::move(why)}; }
  static Judgement Unknown(Reason reason, std::string why) { return {Outcome::kUnknown, reason, std::move(why)}; }

  Outcome outcome = Outcome::kPass;
  Reason reason = Reason::kNone;
  // One line: "iss ok, exp in 42m, tier=gold"; of kUnknown what is missing and both outcomes. Without secrets.
  std::string why;
};

}  // namespace penstock::policies
