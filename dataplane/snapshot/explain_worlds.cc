#include "dataplane/snapshot/explain_worlds.h"

#include <algorithm>
#include <string>

#include "dataplane/base/strings.h"

namespace penstock::snapshot {
namespace {

constexpr std::string_view kUnknown = "unknown";

// "the credential of jwt does not hold", "the credentials of jwt and basic do not hold"
std::string TextOf(const std::vector<AuthMethod>& doubted) {
  std::string names;
  for (AuthMethod method : doubted) names += StrCat(names.empty() ? "" : " and ", penstock::NameOf(method));
  return doubted.size() == 1 ? StrCat("the credential of ", names, " does not hold")
                             : StrCat("the credentials of ", names, " do not hold");
}

// "pass (rule ...)"
std::string ToldOf(const ExplainedPolicy& policy) { return StrCat(policy.verdict, " (", policy.why, ")"); }

// What ALSO says of the same policy, if WORLD's doubts are right.
void MergePolicy(const ExplainedPolicy& also, const World& world, ExplainedPolicy& policy) {
  if (also.verdict.empty() || policy.verdict == kUnknown || also.verdict == policy.verdict) return;
  bool asked = !policy.verdict.empty();
  std::string doubt = TextOf(world.doubted);
  policy.why =
      asked ? StrCat("hangs on what cannot be checked here: ", ToldOf(policy), "; if ", doubt, ": ", ToldOf(also))
            : StrCat("asked only if ", doubt, ": ", also.why);
  policy.verdict = asked ? kUnknown : also.verdict;
}

}  // namespace

std::vector<World> OtherWorlds(const std::vector<AuthMethod>& assumed, ExplainAs explain) {
  std::vector<World> worlds;
  std::vector<std::vector<AuthMethod>> choices;  // each in order, each once
  auto doubt_also = [&](const std::vector<AuthMethod>& doubted, const std::vector<AuthMethod>& more) {
    for (AuthMethod method : more) {
      std::vector<AuthMethod> choice = doubted;
      choice.insert(std::upper_bound(choice.begin(), choice.end(), method), method);
      if (std::find(choices.begin(), choices.end(), choice) == choices.end()) choices.push_back(std::move(choice));
    }
  };
  doubt_also({}, assumed);
  for (size_t i = 0; i < choices.size(); ++i) {
    std::vector<AuthMethod> doubted = choices[i];
    std::vector<AuthMethod> left;
    worlds.push_back({doubted, explain(doubted, left)});
    doubt_also(doubted, left);
  }
  return worlds;
}

Explanation Merge(Explanation first, std::vector<World> others) {
  std::vector<ExplainedPolicy> policies = first.policies;
  for (const World& world : others) {
    const std::vector<ExplainedPolicy>& also = world.explanation.policies;
    for (size_t i = 0; i < std::min(policies.size(), also.size()); ++i) MergePolicy(also[i], world, policies[i]);
  }
  auto passes =
      std::find_if(others.begin(), others.end(), [](const World& world) { return !world.explanation.denied; });
  Explanation merged = std::move(first);
  if (merged.denied && passes != others.end()) {
    merged = std::move(passes->explanation);
  } else if (merged.denied) {
    auto differs = std::find_if(others.begin(), others.end(),
                                [&](const World& world) { return world.explanation.status != merged.status; });
    if (differs != others.end()) {
      merged.detail +=
          StrCat("; ", differs->explanation.status, " ", differs->explanation.reason, " if ", TextOf(differs->doubted));
    }
  }
  merged.policies = std::move(policies);
  return merged;
}

}  // namespace penstock::snapshot
