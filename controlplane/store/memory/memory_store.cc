#include "controlplane/store/memory/memory_store.h"

#include <map>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "controlplane/store/check.h"
#include "dataplane/base/mutex.h"
#include "dataplane/base/status.h"

namespace penstock::store {
namespace {

struct Version {
  uint64_t first_generation = 0;
  std::optional<std::string> bytes;  // none: deleted
  std::string origin;
};

class MemoryStore final : public Store {
 public:
  absl::StatusOr<GenerationRecord> Commit(const Transaction& transaction) override {
    RETURN_IF_ERROR(CheckLimits(transaction));
    MutexLock lock(&mutex_);
    if (const GenerationRecord* before = FindLocked(transaction.record.request_id)) return *before;
    if (NewestLocked().id != transaction.expected) return MovedOn(transaction.expected, NewestLocked().id);
    GenerationRecord record = transaction.record;
    record.id = NextId(transaction);
    for (const ObjectWrite& write : transaction.writes) {
      std::map<uint64_t, Version>& versions = versions_[write.key];
      const bool alive = !versions.empty() && versions.rbegin()->second.bytes.has_value();
      const uint64_t first = alive ? versions.rbegin()->second.first_generation : record.id.number;
      versions[record.id.number] = {.first_generation = first, .bytes = write.bytes, .origin = write.origin};
    }
    if (!transaction.previous_result.empty() && !records_.empty()) {
      records_.rbegin()->second.result = transaction.previous_result;
    }
    for (const auto& [name, value] : transaction.rollout_state) PutLocked(name, value);
    records_[record.id.number] = record;
    return record;
  }

  absl::StatusOr<GenerationRecord> Newest() override {
    MutexLock lock(&mutex_);
    return NewestLocked();
  }

  absl::StatusOr<GenerationRecord> Generation(uint64_t number) override {
    MutexLock lock(&mutex_);
    auto found = records_.find(number);
    if (found == records_.end()) return NoSuchGeneration(number);
    return found->second;
  }

  absl::StatusOr<std::optional<GenerationRecord>> FindRequest(std::string_view request_id) override {
    MutexLock lock(&mutex_);
    const GenerationRecord* record = FindLocked(request_id);
    if (record == nullptr) return std::nullopt;
    return *record;
  }

  absl::StatusOr<std::vector<StoredObject>> Objects(uint64_t number) override {
    MutexLock lock(&mutex_);
    if (number == 0) number = NewestLocked().id.number;
    if (number != 0 && !records_.contains(number)) return NoSuchGeneration(number);
    std::vector<StoredObject> objects;
    for (const auto& [key, versions] : versions_) {
      auto after = versions.upper_bound(number);
      if (after == versions.begin()) continue;
      const auto& [generation, version] = *std::prev(after);
      if (!version.bytes.has_value()) continue;
      objects.push_back({key, *version.bytes, version.first_generation, generation, version.origin});
    }
    return objects;
  }

  absl::StatusOr<std::vector<GenerationRecord>> History(size_t limit, const std::optional<ObjectKey>& key) override {
    MutexLock lock(&mutex_);
    std::vector<GenerationRecord> history;
    for (auto record = records_.rbegin(); record != records_.rend() && history.size() < limit; ++record) {
      if (key.has_value() && !ChangedIn(*key, record->first)) continue;
      history.push_back(record->second);
    }
    return history;
  }

  absl::Status SetResult(uint64_t number, std::string_view result) override {
    MutexLock lock(&mutex_);
    auto found = records_.find(number);
    if (found != records_.end()) found->second.result = std::string(result);
    return absl::OkStatus();
  }

  absl::Status PutRolloutState(std::string_view name, std::string_view value) override {
    MutexLock lock(&mutex_);
    PutLocked(name, value);
    return absl::OkStatus();
  }

  absl::StatusOr<std::vector<std::pair<std::string, std::string>>> RolloutState() override {
    MutexLock lock(&mutex_);
    return std::vector<std::pair<std::string, std::string>>(rollout_.begin(), rollout_.end());
  }

 private:
  void PutLocked(std::string_view name, std::string_view value) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (value.empty())
      rollout_.erase(std::string(name));
    else
      rollout_[std::string(name)] = std::string(value);
  }

  GenerationRecord NewestLocked() const ABSL_SHARED_LOCKS_REQUIRED(mutex_) {
    return records_.empty() ? GenerationRecord() : records_.rbegin()->second;
  }

  const GenerationRecord* FindLocked(std::string_view request_id) const ABSL_SHARED_LOCKS_REQUIRED(mutex_) {
    if (request_id.empty()) return nullptr;
    for (const auto& [number, record] : records_) {
      if (record.request_id == request_id) return &record;
    }
    return nullptr;
  }

  bool ChangedIn(const ObjectKey& key, uint64_t number) const ABSL_SHARED_LOCKS_REQUIRED(mutex_) {
    auto versions = versions_.find(key);
    return versions != versions_.end() && versions->second.contains(number);
  }

  Mutex mutex_;
  std::map<uint64_t, GenerationRecord> records_ ABSL_GUARDED_BY(mutex_);
  std::map<ObjectKey, std::map<uint64_t, Version>> versions_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, std::string> rollout_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace

std::unique_ptr<Store> MakeMemoryStore() { return std::make_unique<MemoryStore>(); }

}  // namespace penstock::store
