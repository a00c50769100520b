#include "dataplane/fetch/web_document.h"

#include "dataplane/fetch/fetch_loop.h"

namespace penstock::fetch {

WebDocument::WebDocument(const Clock& clock, std::shared_ptr<Line> line, std::uint64_t id)
    : clock_(clock), line_(std::move(line)), id_(id) {}

WebDocument::~WebDocument() {
  line_->Post([id = id_](FetchLoop& loop) { loop.Forget(id); });
}

Fetched WebDocument::Latest() const {
  MutexLock lock(&mutex_);
  return latest_;
}

// A fetch that runs already is as good as a new one, and costs nobody anything.
bool WebDocument::Renew() {
  TimePoint now = clock_.Now();
  MutexLock lock(&mutex_);
  if (pending_) return true;
  if (renewed_.has_value() && now - *renewed_ < kRenewGap) return false;
  pending_ = line_->Post([id = id_](FetchLoop& loop) { loop.Renew(id); });
  if (pending_) renewed_ = now;
  return pending_;
}

bool WebDocument::Pending() const {
  MutexLock lock(&mutex_);
  return pending_;
}

std::string WebDocument::Problem() const {
  MutexLock lock(&mutex_);
  return problem_;
}

void WebDocument::Begin() {
  MutexLock lock(&mutex_);
  pending_ = true;
}

// The body first: who sees the new version finds it.
void WebDocument::Succeed(std::string body) {
  TimePoint now = clock_.Now();
  MutexLock lock(&mutex_);
  latest_.at = now;
  problem_.clear();
  pending_ = false;
  if (latest_.body != nullptr && *latest_.body == body) return;
  latest_.body = std::make_shared<const std::string>(std::move(body));
  version_.fetch_add(1, std::memory_order_release);
}

void WebDocument::Fail(std::string problem) {
  MutexLock lock(&mutex_);
  problem_ = std::move(problem);
  pending_ = false;
}

void WebDocument::Stop() {
  MutexLock lock(&mutex_);
  pending_ = false;
}

}  // namespace penstock::fetch
