#include "controlplane/translator/state.h"

#include <algorithm>

namespace penstock::translator {

void MakeUnique(Uses& uses) {
  std::sort(uses.begin(), uses.end());
  uses.erase(std::unique(uses.begin(), uses.end()), uses.end());
}

}  // namespace penstock::translator
