// What a policy says that has no effect where it says it.
#pragma once

#include <set>
#include <string>

#include "controlplane/translator/access.h"
#include "controlplane/translator/findings.h"

namespace penstock::translator {

// Warns of rules by claims of tokens where nobody reads tokens (W223) and of limits without rules (W224): of each
// policy once, at the first of the places that are looked at where it is so. What a Gateway's policy says may be for
// those of its routes that say the rest: it is told only if no policy reads tokens anywhere.
class NoEffect {
 public:
  NoEffect(Reader& reader, FindingSink& findings) : reader_(reader), findings_(findings) {}

  // PATH: of the place, in the object that the findings are about.
  void Check(const Access& access, const std::string& path);

 private:
  void CheckTokens(const Access& access, const std::string& path);
  void CheckLimits(const Access& access, const std::string& path);
  bool IsForRoutes(const ObjectKey& policy);
  // The object that FIELD is from, unless it was told before.
  const ObjectKey* Teller(const Access& access, std::string_view field);
  void TellTokens(const Access& access, std::string_view field, const std::string& what, const std::string& path);

  Reader& reader_;
  FindingSink& findings_;
  std::set<ObjectKey> told_;
};

}  // namespace penstock::translator
