#include "controlplane/management/live_explain.h"

#include <memory>
#include <optional>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "dataplane/base/mutex.h"
#include "dataplane/base/status.h"
#include "dataplane/base/strings.h"
#include "dataplane/snapshot/question.h"

namespace penstock::management {
namespace {

using Answer = absl::StatusOr<xds::v1::Answer>;

// How soon a call notices that its caller went away.
constexpr std::chrono::milliseconds kPoll(100);

// Where an answer is waited for; whoever brings it may be later than whoever waits.
class Waiting {
 public:
  void Bring(Answer answer) {
    MutexLock lock(&mutex_);
    answer_ = std::move(answer);
    brought_.SignalAll();
  }

  Answer Await(absl::Time deadline, const grpc::ServerContext& context, const std::string& replica) {
    MutexLock lock(&mutex_);
    while (!answer_.has_value()) {
      if (context.IsCancelled()) return absl::CancelledError("the caller went away");
      if (absl::Now() >= deadline) {
        return absl::DeadlineExceededError(StrCat("replica ", replica, " did not answer within ",
                                                  absl::FormatDuration(kReplicaLimit), "; `penstock status replica/",
                                                  replica, "` tells how it is"));
      }
      brought_.WaitFor(&mutex_, kPoll);
    }
    return *std::move(answer_);
  }

 private:
  Mutex mutex_;
  CondVar brought_;
  std::optional<Answer> answer_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace

absl::StatusOr<snapshot::Explanation> ExplainLive(rollout::Asker& asker, const std::string& replica,
                                                  const snapshot::ExplainRequest& question,
                                                  const grpc::ServerContext& context) {
  const absl::Time deadline = absl::Now() + kReplicaLimit;
  auto waiting = std::make_shared<Waiting>();
  asker.Ask(replica, snapshot::ToQuestion(question), [waiting](Answer answer) { waiting->Bring(std::move(answer)); });
  ASSIGN_OR_RETURN(const xds::v1::Answer answer, waiting->Await(deadline, context, replica));
  if (!answer.problem().empty()) {
    return absl::AbortedError(StrCat("replica ", replica, " cannot tell: ", answer.problem().substr(0, 1024)));
  }
  ASSIGN_OR_RETURN(snapshot::Explanation explanation, snapshot::ReadExplanation(answer.explanation()),
                   _ << "the answer of replica " << replica);
  // Whatever it calls itself: its certificate has granted this name.
  explanation.replica = replica;
  return explanation;
}

}  // namespace penstock::management
