// Answers questions about what this data plane would do with a request, on a thread of its own: looking at every route
// of a large generation takes its time, which neither traffic nor a change of the configuration shall wait for.
#pragma once

#include <deque>
#include <string>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "dataplane/admin/control.h"
#include "dataplane/base/clock.h"
#include "dataplane/base/mutex.h"
#include "dataplane/xds/responder.h"

namespace penstock::server {

// Owned by main. Whoever asks has ended before it is destroyed.
class Inspector final : public xds::Responder {
 public:
  static constexpr size_t kMaxWaiting = 4;              // more are told to ask again
  static constexpr size_t kMaxAnswerBytes = 1 << 20;    // of an explanation
  static constexpr size_t kMaxQuestionBytes = 1 << 18;  // a request's head is much shorter

  // CONTROL and CLOCK outlive it. ID: of this data plane.
  Inspector(admin::Control& control, std::string id, const Clock& clock);
  ~Inspector() override;

  void Ask(std::string question, Done done) override;

  // What Ask answers, here and now. Any thread.
  std::string AnswerTo(const std::string& question);

 private:
  struct Waiting {
    std::string question;
    Done done;
  };

  void Run();

  admin::Control& control_;
  const std::string id_;
  const Clock& clock_;
  Mutex mutex_;
  CondVar news_;
  std::deque<Waiting> waiting_ ABSL_GUARDED_BY(mutex_);
  bool stop_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace penstock::server
