#include "controlplane/store/store.h"

#include "absl/strings/str_cat.h"

namespace penstock::store {

std::string ToString(GenerationId id) {
  if (id.epoch <= 1) return absl::StrCat(id.number);
  return absl::StrCat(id.epoch, ".", id.number);
}

}  // namespace penstock::store
