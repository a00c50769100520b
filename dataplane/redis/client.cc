#include "dataplane/redis/client.h"

#include <algorithm>
#include <utility>

#include "dataplane/base/strings.h"

namespace penstock::redis {

// Counts one, so that Stop() can wait for the last.
class Client::Caller {
 public:
  explicit Caller(Client& client) : client_(client) { ++client_.callers_; }
  Caller(const Caller&) = delete;
  ~Caller() {
    if (--client_.callers_ == 0) client_.finished_.WakeAll();
  }

 private:
  Client& client_;
};

Client::Client(io::Reactor& reactor, ServerOptions options, Watch watch, Bounds bounds)
    : reactor_(reactor),
      options_(std::move(options)),
      bounds_(bounds),
      trouble_(watch.log, "redis", "redis server lost", "redis server is back"),
      cells_(watch.cells),
      sent_(bounds.commands) {}

Client::~Client() { PENSTOCK_CHECK(!running_ && callers_ == 0, "a client that runs must be stopped first"); }

// --- Callers.

Task<StatusOr<Reply>> Client::Call(std::span<const std::string_view> arguments, Wait wait) {
  if (state_ == State::kDown || state_ == State::kStopped) return StatusOr<Reply>(down_);
  std::string command;
  AppendCommand(arguments, command);
  return Ask(std::move(command), wait);
}

Task<StatusOr<Reply>> Client::Ask(std::string command, Wait wait) {
  Caller caller(*this);
  Status settled = co_await WaitForFirstDial(wait);
  CO_RETURN_IF_ERROR(settled);
  CO_RETURN_IF_ERROR(Admit(command.size(), wait));
  Pending pending;
  std::uint64_t sequence = Send(command, pending);
  io::Waiter waiter(reactor_, pending.answered, wait);
  io::Woke woke = co_await waiter;
  // The reply may have come, or the connection ended, in the very turn in which the wait ended.
  bool settled_too = pending.result.has_value();
  if (settled_too && (woke == io::Woke::kEvent || pending.result->ok())) co_return *std::move(pending.result);
  if (!settled_too) GiveUp(sequence, woke);
  co_return io::ToStatus(woke, "redis");
}

Task<Status> Client::WaitForFirstDial(Wait wait) {
  if (state_ == State::kNew) {
    state_ = State::kFirstDial;
    running_ = true;
    reactor_.Spawn(Run());
  }
  if (state_ != State::kFirstDial) co_return absl::OkStatus();
  if (callers_ > bounds_.commands) co_return absl::ResourceExhaustedError("redis: too many calls wait to connect");
  io::Waiter waiter(reactor_, settled_, wait);
  io::Woke woke = co_await waiter;
  co_return io::ToStatus(woke, "redis: connect");
}

Status Client::Admit(std::size_t bytes, const Wait& wait) const {
  if (state_ != State::kUp) return down_;
  if (wait.deadline <= reactor_.Now()) return io::ToStatus(io::Woke::kDeadline, "redis");
  if (wait.cancellation != nullptr && wait.cancellation->cancelled())
    return io::ToStatus(io::Woke::kCancelled, "redis");
  if (next_ - oldest_ == sent_.size() || bytes > bounds_.bytes - unanswered_bytes_) {
    return absl::ResourceExhaustedError("redis: too many commands are unanswered");
  }
  return absl::OkStatus();
}

std::uint64_t Client::Send(std::string_view command, Pending& pending) {
  collected_ += command;
  unanswered_bytes_ += command.size();
  At(next_) = {&pending, command.size(), reactor_.Now()};
  SendSoon();
  return next_++;
}

void Client::GiveUp(std::uint64_t sequence, io::Woke why) {
  At(sequence).caller = nullptr;
  if (why != io::Woke::kDeadline || ++timeouts_ < kTimeoutsInARow) return;
  TimePoint since = std::max(last_reply_, At(oldest_).at);
  if (reactor_.Now() - since >= kSilence) Lose(absl::UnavailableError("it does not answer"));
}

Task<void> Client::Stop() {
  life_.Cancel();
  BeDown(State::kStopped, absl::UnavailableError("stopped"));
  while (running_ || callers_ > 0) {
    io::Waiter waiter(reactor_, finished_, {});
    co_await waiter;
  }
}

// --- The connection.

Task<void> Client::Run() {
  while (!life_.cancelled()) {
    Status ended = co_await Connect();
    if (ended.ok()) {
      ended = co_await ReadReplies();
      Lose(ended);
      co_await CloseStream();
    } else if (state_ != State::kStopped) {
      BeDown(State::kDown, ended);
    }
    Status slept = co_await reactor_.Sleep(backoff_.Next(reactor_.random()), {kNoDeadline, &life_});
  }
  running_ = false;
  finished_.WakeAll();
}

Task<Status> Client::Connect() {
  Wait wait{After(reactor_.Now(), kDialTimeout), &life_};
  StatusOr<std::unique_ptr<io::Stream>> stream = co_await Dial(reactor_, options_, wait);
  CO_RETURN_IF_ERROR(stream.status());
  if (life_.cancelled()) co_return absl::CancelledError("stopped");
  stream_ = *std::move(stream);
  parser_ = ReplyParser();
  timeouts_ = 0;
  last_reply_ = reactor_.Now();
  Become(State::kUp);
  settled_.WakeAll();
  trouble_.Worked({{"server", server()}});
  co_return absl::OkStatus();
}

Task<Status> Client::ReadReplies() {
  while (true) {
    StatusOr<Chunk> chunk = co_await stream_->Read(BlockPool::kMedium, {});
    CO_RETURN_IF_ERROR(chunk.status());
    if (chunk->empty()) co_return absl::UnavailableError("closed by the server");
    CO_RETURN_IF_ERROR(Receive(chunk->view()));
  }
}

Status Client::Receive(std::string_view bytes) {
  while (state_ == State::kUp) {
    Reply reply;
    ReplyParser::Progress progress = parser_.Parse(bytes, reply);
    if (progress == ReplyParser::Progress::kNeedMore) return absl::OkStatus();
    if (progress == ReplyParser::Progress::kError) return absl::UnavailableError(StrCat("it sent ", parser_.error()));
    RETURN_IF_ERROR(OnReply(std::move(reply)));
  }
  return absl::OkStatus();
}

Status Client::OnReply(Reply reply) {
  if (oldest_ == written_) return absl::UnavailableError("it sent a reply to nothing");
  Sent& sent = At(oldest_++);
  unanswered_bytes_ -= sent.bytes;
  timeouts_ = 0;
  last_reply_ = reactor_.Now();
  backoff_.Reset();
  if (sent.caller == nullptr) return absl::OkStatus();
  sent.caller->result.emplace(std::move(reply));
  sent.caller->answered.WakeAll();
  return absl::OkStatus();
}

// Adds STEP to the gauge of what the connection is in.
void Client::Count(int step) {
  if (cells_ == nullptr) return;
  bool serves = state_ == State::kUp && !refuses_;
  if (serves) cells_->redis_connections_up.Add(step);
  if (state_ == State::kDown || refuses_) cells_->redis_connections_down.Add(step);
}

void Client::Become(State state) {
  Count(-1);
  if (cells_ != nullptr && state_ == State::kUp && state == State::kDown) cells_->redis_connections_lost.Add();
  state_ = state;
  refuses_ = false;
  Count(1);
}

void Client::Refuses(std::string_view word) {
  if (state_ != State::kUp) return;
  Count(-1);
  refuses_ = true;
  Count(1);
  trouble_.Failed(reactor_.Now(), {{"server", server()}, {"reason", StrCat("it refuses with ", word)}});
}

void Client::Serves() {
  if (!refuses_) return;
  Count(-1);
  refuses_ = false;
  Count(1);
  trouble_.Worked({{"server", server()}});
}

// Only the first cause counts.
void Client::Lose(const Status& why) {
  if (state_ == State::kUp) BeDown(State::kDown, why);
}

void Client::BeDown(State state, const Status& why) {
  Become(state);
  down_ = absl::UnavailableError(StrCat("redis ", server(), ": ", why.message()));
  for (; oldest_ != next_; ++oldest_) {
    Sent& sent = At(oldest_);
    if (sent.caller == nullptr) continue;
    sent.caller->result.emplace(down_);
    sent.caller->answered.WakeAll();
  }
  written_ = next_;
  unanswered_bytes_ = 0;
  collected_.clear();
  settled_.WakeAll();
  if (stream_ != nullptr) stream_->Close();
  if (state == State::kDown)
    trouble_.Failed(reactor_.Now(), {{"server", server()}, {"reason", std::string(why.message())}});
}

Task<void> Client::CloseStream() {
  while (write_waits_) {
    io::Waiter waiter(reactor_, written_queue_, {});
    co_await waiter;
  }
  stream_.reset();
}

// --- Writing.

void Client::SendSoon() {
  if (!write_waits_ && !writer_.linked()) reactor_.EnqueueLast(writer_);
}

void Client::Write() {
  if (state_ != State::kUp || collected_.empty()) return;
  writing_.swap(collected_);
  written_ = next_;
  piece_[0] = writing_;
  Task<Status> writing = stream_->Write(piece_, {});
  if (writing.ready()) return OnWritten(std::move(writing).TakeReady());
  write_waits_ = true;
  reactor_.Spawn(FinishWrite(std::move(writing)));
}

Task<void> Client::FinishWrite(Task<Status> writing) {
  Status status = co_await std::move(writing);
  write_waits_ = false;
  OnWritten(status);
  written_queue_.WakeAll();
}

void Client::OnWritten(const Status& status) {
  writing_.clear();
  if (!status.ok()) return Lose(status);
  if (!collected_.empty()) SendSoon();
}

}  // namespace penstock::redis
