// Files -> objects. The only way in for what people write: YAML or JSON, checked against the schema of each kind.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "controlplane/manifests/finding.h"
#include "controlplane/manifests/kinds.h"
#include "controlplane/manifests/object.h"

namespace penstock::manifests {

struct File {
  std::string name;       // as the user wrote it; used in messages only
  std::string bytes;      // one or several documents
  bool attached = false;  // no documents: a file that a manifest names in dataFromFiles
};

struct ParseOptions {
  std::string default_namespace = "default";  // of objects that name none
  const KindTable* kinds = &BuiltInKinds();
  size_t max_findings = kMaxFindings;
  size_t max_file_bytes = 4u << 20;    // 4 MiB
  size_t max_total_bytes = 64u << 20;  // 64 MiB
  size_t max_documents = 20'000;       // per file
  size_t max_depth = 64;               // nesting of maps and lists
  size_t max_alias_nodes = 10'000;     // nodes that aliases (*x) may add to one document
};

struct ParseResult {
  std::vector<ObjectPtr> objects;  // in the order written; those with has_errors() are here too
  std::vector<Finding> findings;   // SortAndCap applied
  // The files that the manifests name in dataFromFiles, sorted: to be attached, under these names.
  std::vector<std::string> attachments;
};

// Reads every document of every file. Never fails as a whole: whatever cannot be read is a finding, and the rest is
// still read. Objects are normalised: apiVersion is the kind's stored version, metadata.namespace is filled in (or
// absent for cluster-scoped kinds), Secret.stringData is as written. Nothing else is defaulted. Two objects with one
// key are an error.
//
// Pure; takes time linear in the input for any input within the limits above.
ParseResult Parse(std::span<const File> files, const ParseOptions& options = {});

}  // namespace penstock::manifests
