#include "dataplane/xds/outbox.h"

#include <utility>

namespace penstock::xds {

uint64_t Outbox::Open(Stream* stream) {
  MutexLock lock(&mutex_);
  stream_ = stream;
  return ++number_;
}

void Outbox::Close() {
  MutexLock lock(&mutex_);
  stream_ = nullptr;
  messages_.clear();
}

void Outbox::Put(uint64_t number, std::string message) {
  MutexLock lock(&mutex_);
  if (stream_ == nullptr || number != number_) return;
  messages_.push_back(std::move(message));
  stream_->Wake();
}

std::vector<std::string> Outbox::Take() {
  MutexLock lock(&mutex_);
  return std::exchange(messages_, {});
}

void Outbox::Wake() {
  MutexLock lock(&mutex_);
  if (stream_ != nullptr) stream_->Wake();
}

}  // namespace penstock::xds
