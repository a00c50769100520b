// Files beside the manifests, which Secrets and ConfigMaps name in dataFromFiles.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "controlplane/manifests/finding_sink.h"
#include "controlplane/manifests/source_map.h"
#include "google/protobuf/map.h"
#include "google/protobuf/message.h"

namespace penstock::manifests {

class Attachments {
 public:
  // BYTES must outlive the Attachments.
  void Add(std::string name, std::string_view bytes) { files_.emplace(std::move(name), bytes); }

  // Puts the contents of the files that MESSAGE names into its `data`, and forgets their names: what is stored depends
  // on nobody's files. A file that is not there is an error.
  void FillIn(const SourceMap& source, FindingSink& sink, google::protobuf::Message& message);

  // Every file that was asked for, there or not.
  std::vector<std::string> TakeNames() { return {names_.begin(), names_.end()}; }

 private:
  using Texts = google::protobuf::Map<std::string, std::string>;
  // Into DATA, what is at PATHS. TEXTS hold values, too.
  template <typename Data>
  void FillMap(const Texts& paths, const Texts& texts, const SourceMap& source, FindingSink& sink, Data& data);

  std::map<std::string, std::string_view> files_;
  std::set<std::string> names_;
};

}  // namespace penstock::manifests
