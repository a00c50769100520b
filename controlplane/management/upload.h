// The messages of an Apply or Diff call, put together to files.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "api/management/v1/management.pb.h"
#include "controlplane/manifests/parse.h"

namespace penstock::management {

class Upload {
 public:
  static constexpr size_t kMaxMessageBytes = 4 << 20;
  static constexpr size_t kMaxTotalBytes = 64 << 20;
  static constexpr size_t kMaxFiles = 10'000;
  static constexpr size_t kMaxNameBytes = 4096;

  // The first message carries the options, the others file chunks. kInvalidArgument for anything else and for a default
  // namespace that no manifest may name; kResourceExhausted beyond a limit.
  absl::Status Take(const management::v1::ApplyRequest& request);

  // False: no message came.
  bool complete() const { return options_.has_value(); }
  const management::v1::ApplyOptions& options() const { return *options_; }
  const std::vector<manifests::File>& files() const { return files_; }

  // Of everything that says what is wanted: equal requests have equal digests.
  uint64_t Digest() const;

 private:
  std::optional<management::v1::ApplyOptions> options_;
  std::vector<manifests::File> files_;
  size_t total_ = 0;
};

// The digest of a request without files.
uint64_t DigestOf(const google::protobuf::MessageLite& request);

}  // namespace penstock::management
