#include "dataplane/passwords/result_cache.h"

namespace penstock::passwords {

std::optional<Result> ResultCache::Find(const Digest& digest, TimePoint now, Duration right_for) {
  if (std::optional<TimePoint> at = right_.Find(digest, now, right_for)) return Result{true, *at};
  if (std::optional<TimePoint> at = wrong_.Find(digest, now, kWrongFor)) return Result{false, *at};
  return std::nullopt;
}

void ResultCache::Keep(const Digest& digest, const Result& result) {
  (result.right ? right_ : wrong_).Keep(digest, result.at);
}

std::optional<TimePoint> ResultCache::Kind::Find(const Digest& digest, TimePoint now, Duration kept) {
  auto found = entries_.find(digest);
  if (found == entries_.end() || now >= After(found->second->at, kept)) return std::nullopt;
  found->second->Unlink();
  by_use_.PushBack(*found->second);
  return found->second->at;
}

void ResultCache::Kind::Keep(const Digest& digest, TimePoint at) {
  std::unique_ptr<Entry>& entry = entries_[digest];
  if (entry == nullptr) entry = std::make_unique<Entry>();
  entry->Unlink();
  entry->digest = digest;
  entry->at = at;
  by_use_.PushBack(*entry);
  if (entries_.size() <= most_) return;
  Digest oldest = by_use_.front().digest;
  entries_.erase(oldest);
}

}  // namespace penstock::passwords
