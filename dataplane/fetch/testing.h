// For tests of whoever holds documents: they say what the test says.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "absl/base/thread_annotations.h"
#include "dataplane/base/mutex.h"
#include "dataplane/fetch/fetcher.h"

namespace penstock::fetch {

// A document that is never fetched, and pending until the test sets something. Any thread.
class FakeDocument final : public Document {
 public:
  explicit FakeDocument(const Clock& clock) : clock_(clock) {}

  // A fetch gave BODY now: the version changes if it differs, there is no problem, and nothing is pending.
  void Set(std::string body) ABSL_LOCKS_EXCLUDED(mutex_);
  // A fetch failed: what was fetched before stays, and nothing is pending.
  void SetProblem(std::string problem) ABSL_LOCKS_EXCLUDED(mutex_);
  void SetPending(bool pending) ABSL_LOCKS_EXCLUDED(mutex_);
  // What Renew() answers from now on: true, and it is pending from then on; or false. At first: true.
  void SetRenewable(bool renewable) ABSL_LOCKS_EXCLUDED(mutex_);
  // Called by every Renew() that answers true, once it is pending: may Set() what the fetch gives.
  void OnRenew(std::function<void(FakeDocument&)> on_renew) ABSL_LOCKS_EXCLUDED(mutex_);
  // How often Renew() was called.
  int renewals() const ABSL_LOCKS_EXCLUDED(mutex_);

  Fetched Latest() const override ABSL_LOCKS_EXCLUDED(mutex_);
  bool Renew() override ABSL_LOCKS_EXCLUDED(mutex_);
  bool Pending() const override ABSL_LOCKS_EXCLUDED(mutex_);
  std::string Problem() const override ABSL_LOCKS_EXCLUDED(mutex_);
  TimePoint Now() const override { return clock_.Now(); }

 private:
  const Clock& clock_;
  mutable Mutex mutex_;
  Fetched latest_ ABSL_GUARDED_BY(mutex_);
  std::string problem_ ABSL_GUARDED_BY(mutex_);
  bool pending_ ABSL_GUARDED_BY(mutex_) = true;
  bool renewable_ ABSL_GUARDED_BY(mutex_) = true;
  std::function<void(FakeDocument&)> on_renew_ ABSL_GUARDED_BY(mutex_);
  int renewals_ ABSL_GUARDED_BY(mutex_) = 0;
};

// One document per URI, whoever opens it and however often. Refuses the URIs that a real one refuses.
class FakeFetcher final : public Fetcher {
 public:
  // CLOCK outlives the documents. Without one: the system's.
  FakeFetcher();
  explicit FakeFetcher(const Clock& clock) : clock_(clock) {}

  // The document of URI, which need not be open yet.
  const std::shared_ptr<FakeDocument>& At(std::string_view uri);
  // What was asked for last; of a default Request if nothing was.
  const Request& last() const { return last_; }
  // How often something was opened.
  int opened() const { return opened_; }

  StatusOr<std::shared_ptr<Document>> Open(const Request& request) override;

 private:
  const Clock& clock_;
  std::map<std::string, std::shared_ptr<FakeDocument>, std::less<>> documents_;
  Request last_;
  int opened_ = 0;
};

}  // namespace penstock::fetch
