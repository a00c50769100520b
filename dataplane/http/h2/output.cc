#include "dataplane/http/h2/output.h"

#include <algorithm>
#include <cstring>

namespace penstock::http::h2 {

void Output::Append(std::string_view bytes) { Copy(bytes); }

void Output::Append(Chunk content) {
  if (content.size() <= kMaxCopied) return Copy(content.view());
  Show(content.view());
  chunks_.push_back(std::move(content));
}

void Output::Copy(std::string_view bytes) {
  while (!bytes.empty()) {
    if (block_ == nullptr || used_ == block_->capacity) {
      if (block_ != nullptr) chunks_.push_back(Chunk::Adopt(block_, used_));
      block_ = pool_.Take(BlockPool::kMedium);
      used_ = 0;
    }
    size_t n = std::min(bytes.size(), block_->capacity - used_);
    char* to = block_->data() + used_;
    std::memcpy(to, bytes.data(), n);
    used_ += n;
    bytes.remove_prefix(n);
    Show({to, n});
  }
}

// What directly follows the last piece in memory makes that longer.
void Output::Show(std::string_view bytes) {
  bytes_ += bytes.size();
  if (!pieces_.empty() && pieces_.back().data() + pieces_.back().size() == bytes.data()) {
    pieces_.back() = {pieces_.back().data(), pieces_.back().size() + bytes.size()};
  } else {
    pieces_.push_back(bytes);
  }
}

void Output::Clear() {
  pieces_.clear();
  chunks_.clear();
  if (block_ != nullptr) BlockPool::Release(block_);
  block_ = nullptr;
  used_ = bytes_ = 0;
}

}  // namespace penstock::http::h2
