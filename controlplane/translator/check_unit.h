// Checks of objects that become part of other objects' resources: policies, Backends, classes, Services.
#pragma once

#include "controlplane/translator/reader.h"
#include "controlplane/translator/state.h"

namespace penstock::translator {

// Is there anything to check about objects of this kind?
bool HasChecks(const ObjectKey& key);

CheckOutput CheckObject(const Upsert& object, Reader& reader);

}  // namespace penstock::translator
