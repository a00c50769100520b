// Which sets of objects an object belongs to.
#pragma once

#include <string>
#include <vector>

#include "controlplane/manifests/object.h"

namespace penstock::translator {

// A set whose readers must look again after an object changed.
struct IndexEntry {
  std::string dep;  // names the set
  bool was_member = false;
  bool is_member = false;
};

// `before` and `after` are one object, or nullptr. Sets of names and of issuers are left out when only the
// contents changed.
std::vector<IndexEntry> IndexEntriesOf(const manifests::Object* before, const manifests::Object* after);

}  // namespace penstock::translator
