#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/base/thread_annotations.h"
#include "dataplane/base/mutex.h"
#include "dataplane/fetch/fetcher.h"
#include "dataplane/fetch/line.h"

namespace penstock::fetch {

// What the holders of a document and the thread that fetches it share. Its end tells the thread. It may outlive the
// fetcher: then it stays as it is.
class WebDocument final : public Document {
 public:
  // CLOCK outlives it. ID: what the thread knows it by.
  WebDocument(const Clock& clock, std::shared_ptr<Line> line, std::uint64_t id);
  ~WebDocument() override;

  Fetched Latest() const override ABSL_LOCKS_EXCLUDED(mutex_);
  bool Renew() override ABSL_LOCKS_EXCLUDED(mutex_);
  bool Pending() const override ABSL_LOCKS_EXCLUDED(mutex_);
  std::string Problem() const override ABSL_LOCKS_EXCLUDED(mutex_);
  TimePoint Now() const override { return clock_.Now(); }

  // --- For the thread that fetches.

  void Begin() ABSL_LOCKS_EXCLUDED(mutex_);
  void Succeed(std::string body) ABSL_LOCKS_EXCLUDED(mutex_);
  void Fail(std::string problem) ABSL_LOCKS_EXCLUDED(mutex_);
  // The thread ends.
  void Stop() ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  const Clock& clock_;
  const std::shared_ptr<Line> line_;
  const std::uint64_t id_;

  mutable Mutex mutex_;
  Fetched latest_ ABSL_GUARDED_BY(mutex_);
  std::string problem_ ABSL_GUARDED_BY(mutex_);
  bool pending_ ABSL_GUARDED_BY(mutex_) = true;  // it is fetched as soon as it is opened
  std::optional<TimePoint> renewed_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace penstock::fetch
