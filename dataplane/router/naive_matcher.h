#pragma once

#include <string_view>
#include <utility>
#include <vector>

#include "dataplane/router/match.h"

namespace penstock::router::testing {

// The precedence of router.h taken literally: collects every match that holds and takes the first in the order. Shares
// no code with the lookup, and none of its tests of single parts.
class NaiveMatcher {
 public:
  void Insert(std::string_view host, const Match& match) { matches_.emplace_back(host, &match); }
  void Erase(std::string_view host, const Match& match);
  const Match* Find(const Request& request) const;

 private:
  std::vector<std::pair<std::string, const Match*>> matches_;
};

}  // namespace penstock::router::testing
