#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "proto/penstock/xds/v1/generation.pb.h"

namespace penstock::snapshot {

using xds::v1::ResourceProblem;

// A resource as it comes over the wire or out of a file: BYTES is the serialized message that TYPE_URL names.
struct Resource {
  std::string type_url;
  std::string name;
  std::string version;  // "" = computed by ResourceVersion
  std::string bytes;
};

struct ResourceName {
  std::string type_url;
  std::string name;
  auto operator<=>(const ResourceName&) const = default;
};

struct GenerationId {
  uint64_t epoch = 0;
  uint64_t number = 0;
  auto operator<=>(const GenerationId&) const = default;
};

// One transaction. Resources of kGenerationType do not belong into UPSERTS; theirs is the field GENERATION.
struct Delta {
  std::vector<Resource> upserts;
  std::vector<ResourceName> removals;
  // The commit record; its hash and counts are checked against the result. Unset in a dry run: the id stays the
  // previous one's.
  std::optional<xds::v1::Generation> generation;
};

}  // namespace penstock::snapshot
