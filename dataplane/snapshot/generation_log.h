#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "dataplane/snapshot/resource.h"

// The form in which generations lie on disk: the last-known-good file of a data plane, and what `penstock compile`
// writes. Pure: bytes in, values out. Whoever writes the file appends, syncs and renames.
//
//   file    = magic "PENSTOCKGEN1\n" record*
//   record  = length u32 (of the payload) | type u8 | xxh3-64 of (length, type, payload) u64 | payload      little
//   endian type    1 upsert (a Resource), 2 removal (a ResourceName), 3 commit (a Generation message), 4 endpoints
//   upsert,
//           5 endpoints removal
//
// The resources of a generation lie before its commit record; endpoints records after a commit take effect by
// themselves. A file is a delta from empty followed by deltas: to compact it, write the resources that EncodeGeneration
// is given.
namespace penstock::snapshot {

inline constexpr uint32_t kMaxLogRecordBytes = 64 << 20;

// The whole file of one generation.
std::string EncodeGeneration(const std::vector<Resource>& resources, const xds::v1::Generation& generation);
// The records to append for one more generation. REQUIRES: delta.generation is set.
std::string EncodeDelta(const Delta& delta);
// The records to append for a change of endpoints between two generations.
std::string EncodeEndpoints(const std::vector<Resource>& upserts, const std::vector<ResourceName>& removals);

struct GenerationLog {
  xds::v1::Generation generation;   // the newest complete one
  std::vector<Resource> resources;  // all that live in it, by type and name; Endpoints included
  size_t valid_bytes = 0;           // of the file: what lies behind is a torn tail; cut it before appending
  size_t generations = 0;           // commit records read
};

// The newest complete generation of FILE. What a crash leaves behind - a file that ends within a record, or resources
// without their commit - is no error: it is not counted in valid_bytes. Anything else that is wrong is DataLoss with
// the offset: nothing of such a file may be served. NotFound if no generation is complete.
absl::StatusOr<GenerationLog> DecodeGenerationLog(std::string_view file);

}  // namespace penstock::snapshot
