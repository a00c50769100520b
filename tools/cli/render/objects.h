#pragma once

#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "api/management/v1/management.pb.h"
#include "tools/cli/render/json.h"

namespace penstock::cli {

// A stored object as people see it: the manifest, with its status (if any) under "status".
Json ObjectJson(const management::v1::StoredObject& object);

// Rows of `penstock get`. `status` = Gateway API conditions in one word each: "Accepted,Programmed", "Accepted=False
// (NoMatchingParent)".
std::string ObjectsTable(std::span<const management::v1::StoredObject> objects);

// `penstock describe`.
std::string DescribeText(const management::v1::StoredObject& object);

// Manifests as YAML documents, without their status: what `apply -f` takes.
std::string ManifestsText(std::span<const management::v1::StoredObject> objects);

// {"apiVersion": "v1", "kind": "List", "items": [...]}
Json ListJson(std::span<const management::v1::StoredObject> objects, bool with_status);

}  // namespace penstock::cli
