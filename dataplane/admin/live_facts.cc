#include "dataplane/admin/live_facts.h"

namespace penstock::admin {

const policies::Facts& LiveFacts::About(Exchange& x, std::string_view chain, size_t index) {
  known_.clear();
  const proxy::Policies& policies = chains_.Find(chain).policies;
  if (index < policies.size()) {
    policies[index]->TellFacts(
        x, now_, [this](std::string_view name, std::string_view value) { known_.emplace_back(name, value); });
  }
  return *this;
}

std::optional<std::string_view> LiveFacts::Find(std::string_view name) const {
  for (const auto& [known, value] : known_) {
    if (known == name) return value;
  }
  return std::nullopt;
}

}  // namespace penstock::admin
