// One object, read from the control plane and written by a verb that knows its kind.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "tools/cli/invocation.h"
#include "tools/cli/render/json.h"

namespace penstock::cli {

// In the namespace of LINE's --namespace.
Json ManifestOf(const CommandLine& line, std::string_view kind, const std::string& name, Json spec);

// What is stored under a name.
struct StoredObject {
  Json manifest;            // null: nothing
  uint64_t generation = 0;  // the newest one, of which that is so
};

// InvalidArgument if NAME is empty, which would ask for all.
absl::StatusOr<StoredObject> FindStored(Invocation& call, std::string_view kind, const std::string& name);

// Applies MANIFEST with CALL's flags of changes. AFTER: the generation that it was made from, so that nothing is lost
// that was stored meanwhile (Exit::kConflict); nullopt: of none. --if-generation goes before. ALSO: see RunChange.
absl::StatusOr<Exit> Store(Invocation& call, const Json& manifest, std::optional<uint64_t> after,
                           const Json& also = Json::object());

}  // namespace penstock::cli
