#include "controlplane/store/store.h"

#include "dataplane/base/strings.h"

namespace penstock::store {

std::string ToString(GenerationId id) {
  if (id.epoch <= 1) return StrCat(id.number);
  return StrCat(id.epoch, ".", id.number);
}

}  // namespace penstock::store
