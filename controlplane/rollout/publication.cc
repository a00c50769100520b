#include "controlplane/rollout/publication.h"

namespace penstock::rollout {

std::string GroupKey(const GroupSelector& selector) {
  std::string key = selector.gateway_class;
  char separator = ';';
  for (const auto& [name, value] : selector.labels) {
    key += separator;
    key.append(name).append("=").append(value);
    separator = ',';
  }
  return key;
}

}  // namespace penstock::rollout
