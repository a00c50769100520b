#include "dataplane/fetch/testing.h"

#include "dataplane/fetch/uri.h"

namespace penstock::fetch {
namespace {

const Clock& TheSystemClock() {
  static constinit const SystemClock clock;
  return clock;
}

}  // namespace

void FakeDocument::Set(std::string body) {
  MutexLock lock(&mutex_);
  latest_.at = clock_.Now();
  problem_.clear();
  pending_ = false;
  if (latest_.body != nullptr && *latest_.body == body) return;
  latest_.body = std::make_shared<const std::string>(std::move(body));
  version_.fetch_add(1, std::memory_order_release);
}

void FakeDocument::SetProblem(std::string problem) {
  MutexLock lock(&mutex_);
  problem_ = std::move(problem);
  pending_ = false;
}

void FakeDocument::SetPending(bool pending) {
  MutexLock lock(&mutex_);
  pending_ = pending;
}

void FakeDocument::SetRenewable(bool renewable) {
  MutexLock lock(&mutex_);
  renewable_ = renewable;
}

void FakeDocument::OnRenew(std::function<void(FakeDocument&)> on_renew) {
  MutexLock lock(&mutex_);
  on_renew_ = std::move(on_renew);
}

int FakeDocument::renewals() const {
  MutexLock lock(&mutex_);
  return renewals_;
}

Fetched FakeDocument::Latest() const {
  MutexLock lock(&mutex_);
  return latest_;
}

bool FakeDocument::Renew() {
  std::function<void(FakeDocument&)> on_renew;
  {
    MutexLock lock(&mutex_);
    ++renewals_;
    if (!renewable_) return false;
    pending_ = true;
    on_renew = on_renew_;
  }
  if (on_renew) on_renew(*this);
  return true;
}

bool FakeDocument::Pending() const {
  MutexLock lock(&mutex_);
  return pending_;
}

std::string FakeDocument::Problem() const {
  MutexLock lock(&mutex_);
  return problem_;
}

FakeFetcher::FakeFetcher() : FakeFetcher(TheSystemClock()) {}

const std::shared_ptr<FakeDocument>& FakeFetcher::At(std::string_view uri) {
  std::shared_ptr<FakeDocument>& document = documents_[std::string(uri)];
  if (document == nullptr) document = std::make_shared<FakeDocument>(clock_);
  return document;
}

StatusOr<std::shared_ptr<Document>> FakeFetcher::Open(const Request& request) {
  Schemes schemes = request.allow_private_addresses ? Schemes::kAlsoHttp : Schemes::kHttps;
  RETURN_IF_ERROR(ParseUri(request.uri, schemes));
  ++opened_;
  last_ = request;
  return At(request.uri);
}

}  // namespace penstock::fetch
