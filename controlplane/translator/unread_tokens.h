// Rules by claims of tokens where nobody reads tokens.
#pragma once

#include <set>
#include <string>

#include "controlplane/translator/access.h"
#include "controlplane/translator/findings.h"

namespace penstock::translator {

// Warns of each policy once (W223), at the first of the places that are looked at where it is so.
class UnreadTokens {
 public:
  explicit UnreadTokens(FindingSink& findings) : findings_(findings) {}

  // PATH: of the place, in the object that the findings are about.
  void Check(const Access& access, const std::string& path);

 private:
  void Tell(const Access& access, std::string_view field, const std::string& what, const std::string& path);

  FindingSink& findings_;
  std::set<ObjectKey> told_;
};

}  // namespace penstock::translator
