#include "dataplane/passwords/checker.h"

#include <pthread.h>
#include <string.h>
#include <sys/resource.h>

#include <algorithm>
#include <utility>

#include "dataplane/passwords/crypt.h"

namespace penstock::passwords {

// Has copies of all that it needs: a generation, and who asked, may be gone before it is done.
struct Checker::Job {
  Job(const Question& question, TimePoint asked)
      : digest(question.digest),
        asked(asked),
        hash(question.subject.user->hash),
        known(question.subject.known),
        password(question.password) {}
  ~Job() { explicit_bzero(password.data(), password.size()); }

  const Digest digest;
  const TimePoint asked;  // for the first time
  const PasswordHash hash;
  const bool known;
  std::string password;
  std::vector<WaitingPtr> waiting;  // guarded by the checker's mutex, as the next
  bool running = false;
};

Checker::Options Checker::For(int workers) {
  Options options;
  options.threads = std::clamp(workers / 2, 1, kMaxThreads);
  return options;
}

Checker::~Checker() {
  {
    MutexLock lock(&mutex_);
    stop_ = true;
    queued_.SignalAll();
  }
  for (std::thread& thread : threads_) thread.join();
}

void Checker::Start() {
  while (threads_.size() < static_cast<size_t>(options_.threads)) threads_.emplace_back(&Checker::Run, this);
}

Task<StatusOr<Answer>> Checker::Check(io::Reactor& reactor, Question question, Wait wait) {
  WaitingPtr waiting = Ask(reactor, question);
  if (waiting == nullptr) co_return absl::ResourceExhaustedError(ToAbsl(kQueueFull));
  while (!waiting->answer.has_value()) {
    io::Waiter waiter(reactor, waiting->done, wait);
    io::Woke woke = co_await waiter;
    if (woke == io::Woke::kEvent || waiting->answer.has_value()) continue;
    Leave(question.digest, *waiting);
    co_return io::ToStatus(woke, "the password check");
  }
  co_return *std::move(waiting->answer);
}

Checker::WaitingPtr Checker::Ask(io::Reactor& reactor, const Question& question) {
  auto waiting = std::make_shared<Waiting>(reactor);
  MutexLock lock(&mutex_);
  if (std::optional<Result> known = results_.Find(question.digest, reactor.Now(), question.right_for)) {
    waiting->answer = Answer{*known, false};
    return waiting;
  }
  auto found = jobs_.find(question.digest);
  if (found == jobs_.end()) {
    if (queue_.size() >= options_.max_queued) return nullptr;
    found = jobs_.emplace(question.digest, std::make_shared<Job>(question, reactor.Now())).first;
    queue_.push_back(found->second);
    queued_.Signal();
  }
  found->second->waiting.push_back(waiting);
  return waiting;
}

void Checker::Leave(const Digest& digest, const Waiting& waiting) {
  MutexLock lock(&mutex_);
  auto found = jobs_.find(digest);
  if (found == jobs_.end()) return;
  Job& job = *found->second;
  std::erase_if(job.waiting, [&](const WaitingPtr& other) { return other.get() == &waiting; });
  if (!job.waiting.empty() || job.running) return;
  std::erase_if(queue_, [&](const JobPtr& other) { return other.get() == &job; });
  jobs_.erase(found);
}

void Checker::Run() {
  pthread_setname_np(pthread_self(), "passwords");
  // Of Linux: the priority of this thread alone. Without it they compete as equals.
  setpriority(PRIO_PROCESS, 0, kNice);
  while (JobPtr job = Next()) {
    StatusOr<bool> right =
        options_.compute ? options_.compute(job->hash, job->password) : Matches(job->hash, job->password);
    // Whoever is not there does not come in with the password of the one that stands for him.
    if (right.ok() && !job->known) right = false;
    Finish(*job, right);
  }
}

Checker::JobPtr Checker::Next() {
  MutexLock lock(&mutex_);
  while (queue_.empty() && !stop_) queued_.Wait(&mutex_);
  if (stop_) return nullptr;
  JobPtr job = std::move(queue_.front());
  queue_.pop_front();
  job->running = true;
  return job;
}

// Posts under the mutex: who leaves takes himself off the list under it, and his reactor outlives him.
void Checker::Finish(const Job& job, const StatusOr<bool>& right) {
  StatusOr<Answer> answer = absl::UnknownError("");
  if (right.ok()) {
    answer = Answer{.result = {*right, job.asked}, .computed = true};
  } else {
    answer = right.status();
  }
  MutexLock lock(&mutex_);
  if (right.ok()) results_.Keep(job.digest, answer->result);
  for (const WaitingPtr& waiting : job.waiting) {
    waiting->reactor.Post([waiting, answer] {
      waiting->answer = answer;
      waiting->done.WakeAll();
    });
  }
  jobs_.erase(job.digest);
}

}  // namespace penstock::passwords
