#include "dataplane/policies/condition/condition.h"

#include <algorithm>

#include "dataplane/policies/condition/identity_terms.h"
#include "dataplane/policies/condition/request_terms.h"
#include "dataplane/policies/condition/time_terms.h"

namespace penstock::policies {
namespace {

// As they are told: who, what, when.
constexpr Status (*kAdd[])(const xds::v1::Condition&, std::vector<TermPtr>&) = {
    &AddAuthenticated, &AddRoles,   &AddScopes, &AddClaims,    &AddNames,
    &AddHeaders,       &AddMethods, &AddPaths,  &AddAddresses, &AddTimes,
};

}  // namespace

StatusOr<Condition> Condition::Compile(const xds::v1::Condition& config, std::string_view path) {
  Condition condition;
  for (auto add : kAdd) {
    Status status = add(config, condition.terms_);
    if (!status.ok()) return absl::InvalidArgumentError(StrCat(path, ".", status.message()));
  }
  return condition;
}

// Backwards: what is told last costs least.
bool Condition::Holds(const Exchange& x, Use use) const {
  return std::all_of(terms_.rbegin(), terms_.rend(), [&](const TermPtr& term) { return term->Holds(x, use); });
}

bool Condition::MightHold(const Exchange& x, Use use) const {
  return std::all_of(terms_.rbegin(), terms_.rend(),
                     [&](const TermPtr& term) { return term->AsksIdentity() || term->Holds(x, use); });
}

std::string Condition::NotLookedAt(const Exchange& x) const {
  std::string text;
  for (const TermPtr& term : terms_) {
    std::string one = term->NotLookedAt(x);
    if (!one.empty()) text += StrCat(text.empty() ? "" : "; ", one);
  }
  return text;
}

std::string Condition::Describe() const {
  if (terms_.empty()) return "every request";
  std::string text;
  for (const TermPtr& term : terms_) text += StrCat(text.empty() ? "" : ", ", term->Describe());
  return text;
}

std::string Condition::Why(const Exchange& x, Use use) const {
  for (const TermPtr& term : terms_) {
    if (!term->Holds(x, use)) return StrCat(term->Describe(), ": ", term->Seen(x));
  }
  return "";
}

}  // namespace penstock::policies
