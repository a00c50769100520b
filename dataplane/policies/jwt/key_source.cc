#include "dataplane/policies/jwt/key_source.h"

#include <functional>
#include <utility>

#include "dataplane/base/strings.h"

namespace penstock::policies {
namespace {

StatusOr<KeysPtr> ReadKeys(std::string_view json) {
  ASSIGN_OR_RETURN(jose::KeySet set, jose::KeySet::Parse(json));
  return KeysPtr(std::make_shared<const jose::KeySet>(std::move(set)));
}

class FixedKeys final : public KeySource {
 public:
  FixedKeys(KeysPtr keys, uint64_t version) : keys_(std::move(keys)), version_(version) {}
  uint64_t version() const override { return version_; }
  KeysPtr Current() override { return keys_; }

 private:
  const KeysPtr keys_;
  const uint64_t version_;
};

class NoKeysAtAll final : public KeySource {
 public:
  KeysPtr Current() override { return nullptr; }
};

class FetchedKeys final : public KeySource {
 public:
  FetchedKeys(std::shared_ptr<fetch::Document> document, Duration max_stale)
      : document_(std::move(document)), max_stale_(max_stale) {}

  uint64_t version() const override { return document_->version(); }
  KeysPtr Current() override {
    fetch::Fetched latest = document_->Latest();
    if (latest.body == nullptr || document_->Now() - latest.at > max_stale_) return nullptr;
    std::lock_guard lock(mutex_);
    if (latest.body != body_) Take(latest);
    return keys_;
  }
  bool AskForNewer() override { return document_->Renew(); }
  bool Expected() override { return document_->Pending(); }
  std::string Problem() override { return document_->Problem(); }

 private:
  void Take(const fetch::Fetched& latest) {
    StatusOr<KeysPtr> keys = ReadKeys(*latest.body);
    body_ = latest.body;
    if (keys.ok()) keys_ = *std::move(keys);
  }

  const std::shared_ptr<fetch::Document> document_;
  const Duration max_stale_;
  std::mutex mutex_;
  std::shared_ptr<const std::string> body_;  // that was read last
  KeysPtr keys_;
};

}  // namespace

StatusOr<std::unique_ptr<KeySource>> MakeFixedKeys(std::string_view json) {
  ASSIGN_OR_RETURN(KeysPtr keys, ReadKeys(json));
  return std::unique_ptr<KeySource>(std::make_unique<FixedKeys>(std::move(keys), std::hash<std::string_view>()(json)));
}

std::unique_ptr<KeySource> MakeNoKeys() { return std::make_unique<NoKeysAtAll>(); }

Status CheckKeys(std::string_view json) { return jose::KeySet::Parse(json).status(); }

std::unique_ptr<KeySource> MakeFetchedKeys(std::shared_ptr<fetch::Document> document, Duration max_stale) {
  return std::make_unique<FetchedKeys>(std::move(document), max_stale);
}

}  // namespace penstock::policies
