#include "controlplane/management/upload.h"

#include <xxhash.h>

#include "controlplane/manifests/formats.h"
#include "dataplane/base/canonical_bytes.h"
#include "dataplane/base/status.h"
#include "dataplane/base/strings.h"

namespace penstock::management {
namespace {

uint64_t Mix(uint64_t seed, std::string_view text) { return XXH3_64bits_withSeed(text.data(), text.size(), seed); }

// It becomes part of objects' names without passing the checks of a manifest.
absl::Status CheckNamespace(const std::string& name) {
  const manifests::Format& format = *manifests::FindFormat("dns_label");
  if (name.empty() || format.matches(name)) return absl::OkStatus();
  return absl::InvalidArgumentError(StrCat("default_namespace is not a namespace: must be ", format.description));
}

}  // namespace

absl::Status Upload::Take(const management::v1::ApplyRequest& request) {
  if (request.ByteSizeLong() > kMaxMessageBytes) {
    return absl::ResourceExhaustedError(
        StrCat("a message of more than ", kMaxMessageBytes, " bytes: send files in chunks of 1 MiB"));
  }
  if (!options_.has_value()) {
    if (!request.has_options()) return absl::InvalidArgumentError("the first message must carry the options");
    RETURN_IF_ERROR(CheckNamespace(request.options().default_namespace()));
    options_ = request.options();
    return absl::OkStatus();
  }
  if (!request.has_file())
    return absl::InvalidArgumentError("only the first message carries options, the others files");
  const management::v1::FileChunk& chunk = request.file();
  total_ += chunk.name().size() + chunk.data().size();
  if (chunk.name().size() > kMaxNameBytes) return absl::ResourceExhaustedError("a file name of more than 4096 bytes");
  if (total_ > kMaxTotalBytes) {
    return absl::ResourceExhaustedError(
        StrCat("more than ", kMaxTotalBytes >> 20, " MiB in one request: apply it in several parts"));
  }
  bool goes_on = !files_.empty() && files_.back().name == chunk.name() && files_.back().attached == chunk.attached();
  if (!goes_on) {
    if (files_.size() == kMaxFiles) {
      return absl::ResourceExhaustedError(
          StrCat("more than ", kMaxFiles, " files in one request: apply them in several parts"));
    }
    files_.push_back({.name = chunk.name(), .bytes = "", .attached = chunk.attached()});
  }
  files_.back().bytes += chunk.data();
  return absl::OkStatus();
}

uint64_t Upload::Digest() const {
  management::v1::ApplyOptions wanted = options();
  // How long the caller waits is not what it wants.
  wanted.mutable_change()->clear_wait();
  wanted.mutable_change()->clear_timeout();
  uint64_t digest = DigestOf(wanted);
  for (const manifests::File& file : files_)
    digest = Mix(Mix(Mix(digest, file.name), file.bytes), file.attached ? "attached" : "");
  return digest;
}

uint64_t DigestOf(const google::protobuf::MessageLite& request) { return Mix(0, CanonicalBytes(request)); }

}  // namespace penstock::management
