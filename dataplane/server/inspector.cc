#include "dataplane/server/inspector.h"

#include <utility>

#include "dataplane/admin/live_facts.h"
#include "dataplane/base/status.h"
#include "dataplane/snapshot/question.h"

namespace penstock::server {
namespace {

StatusOr<snapshot::Explanation> Explain(admin::Control& control, const Clock& clock, const std::string& bytes) {
  xds::v1::Question question;
  if (bytes.size() > Inspector::kMaxQuestionBytes || !question.ParseFromString(bytes)) {
    return absl::InvalidArgumentError("the question cannot be read");
  }
  ASSIGN_OR_RETURN(snapshot::ExplainRequest request, snapshot::FromQuestion(question));
  request.now = clock.Wall();
  proxy::GenerationLease running = control.Running();
  if (!running) return absl::UnavailableError("no generation is served yet");
  admin::LiveFacts facts(running->policies, clock.Now());
  return snapshot::Explain(*running->snapshot, request, facts);
}

std::string Problem(std::string_view text) {
  xds::v1::Answer answer;
  answer.set_problem(std::string(text));
  return answer.SerializeAsString();
}

}  // namespace

Inspector::Inspector(admin::Control& control, std::string id, const Clock& clock)
    : control_(control), id_(std::move(id)), clock_(clock), thread_(&Inspector::Run, this) {}

Inspector::~Inspector() {
  {
    MutexLock lock(&mutex_);
    stop_ = true;
  }
  news_.SignalAll();
  thread_.join();
}

void Inspector::Ask(std::string question, Done done) {
  {
    MutexLock lock(&mutex_);
    if (waiting_.size() < kMaxWaiting) {
      waiting_.push_back({std::move(question), std::move(done)});
      news_.SignalAll();
      return;
    }
  }
  done(Problem("it is busy with other questions: ask again"));
}

std::string Inspector::AnswerTo(const std::string& question) {
  StatusOr<snapshot::Explanation> explanation = Explain(control_, clock_, question);
  if (!explanation.ok()) return Problem(ToStd(explanation.status().message()));
  explanation->replica = id_;
  xds::v1::Answer answer;
  answer.set_explanation(snapshot::ExplanationJson(*explanation));
  if (answer.explanation().size() > kMaxAnswerBytes) return Problem("its explanation is longer than 1 MiB");
  return answer.SerializeAsString();
}

void Inspector::Run() {
  while (true) {
    Waiting next;
    {
      MutexLock lock(&mutex_);
      while (waiting_.empty() && !stop_) news_.Wait(&mutex_);
      if (stop_) return;
      next = std::move(waiting_.front());
      waiting_.pop_front();
    }
    next.done(AnswerTo(next.question));
  }
}

}  // namespace penstock::server
