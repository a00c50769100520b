#include "controlplane/translator/shadow.h"

#include "controlplane/manifests/text.h"

namespace penstock::translator {
namespace {

using manifests::Cat;

std::string RuleText(const Claim& claim) {
  return claim.rule_name.empty() ? Cat("rules[", claim.rule, "]") : Cat("rule \"", claim.rule_name, "\"");
}

std::string_view WhyFirst(const Claim& first, const Claim& second) {
  if (first.minus_priority != second.minus_priority) return "has a higher priority";
  if (first.route == second.route) return "comes first";
  if (first.first_generation != second.first_generation) return "is older";
  return "comes first by name";
}

Finding TellMatch(const Claim& first, const Claim& loser, const manifests::Object& object) {
  std::string winner = RuleText(first);
  if (first.route != loser.route) manifests::Append(winner, " of ", first.route.ToString());
  return manifests::WarningAt(
      object, Cat("spec.rules[", loser.rule, "].matches[", loser.match, "]"), "W202",
      Cat("this match gets no request: ", winner, " has the same one and ", WhyFirst(first, loser)),
      Cat("make one of them more specific, or set the annotation ", kPriorityAnnotation));
}

Finding TellPlace(const Claim& first, const Claim& loser, const manifests::Object& object) {
  return manifests::WarningAt(
      object, "spec.rules[0]", "W208",
      Cat(loser.place, " gives this route nothing: ", first.route.ToString(), " has it and ", WhyFirst(first, loser)),
      Cat("remove one of them, use another listener, or set the annotation ", kPriorityAnnotation));
}

}  // namespace

std::vector<Finding> ShadowedBy(const std::vector<ClaimPtr>& claims, const PersistentMap<ObjectKey, Upsert>& objects) {
  std::vector<Finding> findings;
  for (size_t i = 1; i < claims.size(); ++i) {
    const Claim& first = *claims.front();
    const Claim& loser = *claims[i];
    const Upsert* object = objects.Find(loser.route);
    if (object == nullptr) continue;
    findings.push_back(loser.place.empty() ? TellMatch(first, loser, *object->object)
                                           : TellPlace(first, loser, *object->object));
  }
  return findings;
}

void AddNewShadows(const std::vector<Finding>& shadows, std::set<std::string>& seen, std::vector<Finding>& findings) {
  for (const Finding& shadow : shadows) {
    if (seen.insert(Cat(shadow.object(), '\n', shadow.path(), '\n', shadow.message())).second)
      findings.push_back(shadow);
  }
}

}  // namespace penstock::translator
