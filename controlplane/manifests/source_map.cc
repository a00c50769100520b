#include "controlplane/manifests/source_map.h"

#include <algorithm>

#include "controlplane/manifests/text.h"

namespace penstock::manifests {
namespace {

constexpr uint64_t kFnvBasis = 14695981039346656037ull;
constexpr uint64_t kFnvPrime = 1099511628211ull;

uint64_t Fold(uint64_t hash, std::string_view text) {
  for (unsigned char c : text) hash = (hash ^ c) * kFnvPrime;
  return hash;
}

bool IsPlainKey(std::string_view key) {
  return !key.empty() &&
         std::all_of(key.begin(), key.end(), [](char c) { return IsAlphaNumeric(c) || c == '-' || c == '_'; });
}

// The path of the field or list that contains the last segment of `path`; keys in `["..."]` may contain dots.
std::string_view Parent(std::string_view path) {
  if (path.ends_with("\"]")) return path.substr(0, path.rfind("[\""));
  size_t cut = path.find_last_of(".[");
  return cut == std::string_view::npos ? std::string_view() : path.substr(0, cut);
}

}  // namespace

uint64_t HashFieldPath(std::string_view path) { return Fold(kFnvBasis, path); }

void SourceMap::Seal() {
  std::sort(entries_.begin(), entries_.end(), [](const Entry& a, const Entry& b) { return a.path_hash < b.path_hash; });
  entries_.shrink_to_fit();
}

Position SourceMap::Find(std::string_view path) const {
  while (true) {
    const Position* found = Exact(path);
    if (found != nullptr) return *found;
    if (path.empty()) return {};
    path = Parent(path);
  }
}

const Position* SourceMap::Exact(std::string_view path) const {
  uint64_t hash = HashFieldPath(path);
  auto it = std::lower_bound(entries_.begin(), entries_.end(), hash,
                             [](const Entry& entry, uint64_t wanted) { return entry.path_hash < wanted; });
  if (it == entries_.end() || it->path_hash != hash) return nullptr;
  return &it->position;
}

FieldPath::Mark FieldPath::PushField(std::string_view name) {
  Mark mark{text_.size(), hash_};
  if (!text_.empty()) Append(".");
  Append(name);
  return mark;
}

FieldPath::Mark FieldPath::PushIndex(size_t index) { return Append(Cat("[", index, "]")); }

FieldPath::Mark FieldPath::PushMapKey(std::string_view key) {
  if (IsPlainKey(key)) return PushField(key);
  return Append(Cat("[\"", key, "\"]"));
}

void FieldPath::Pop(Mark mark) {
  text_.resize(mark.size);
  hash_ = mark.hash;
}

FieldPath::Mark FieldPath::Append(std::string_view text) {
  Mark mark{text_.size(), hash_};
  text_ += text;
  hash_ = Fold(hash_, text);
  return mark;
}

}  // namespace penstock::manifests
