#include "dataplane/policies/config_registry.h"

namespace penstock::policies {

const ConfigRow* FindConfigRow(std::string_view type) {
  for (const ConfigRow& row : ConfigRows()) {
    if (row.type == type) return &row;
  }
  return nullptr;
}

}  // namespace penstock::policies
