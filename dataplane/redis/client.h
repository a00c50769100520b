#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "dataplane/base/cancellation.h"
#include "dataplane/base/status.h"
#include "dataplane/base/task.h"
#include "dataplane/io/net/stream.h"
#include "dataplane/io/reactor/reactor.h"
#include "dataplane/redis/backoff.h"
#include "dataplane/redis/dial.h"
#include "dataplane/redis/reply.h"
#include "dataplane/telemetry/log/trouble.h"
#include "dataplane/telemetry/stats/cells.h"

namespace penstock::redis {

// One worker's connection to one Redis server. Many callers share it: their commands go out in the order of their
// calls, one system call for a turn of the loop, and the replies come back in that order. The connection is made at the
// first call, and again in the background whenever it is lost; nobody but those first callers waits for that. Belongs
// to its reactor's thread.
class Client {
 public:
  // What may be unanswered at a time, whether its caller still waits or not.
  struct Bounds {
    std::size_t commands = 1024;
    std::size_t bytes = std::size_t{1} << 20;
  };

  // To connect, TLS, AUTH, SELECT and PING, together.
  static constexpr Duration kDialTimeout = std::chrono::seconds(1);
  // A server is silent, and its connection closed, after so many timeouts of callers without any reply between them, if
  // the oldest command has waited for kSilence: a caller with next to no time left says nothing about the server.
  static constexpr int kTimeoutsInARow = 3;
  static constexpr Duration kSilence = std::chrono::milliseconds(20);

  // Who is told when the server is lost and when it is back. Outlives the client; null: nobody.
  struct Watch {
    telemetry::Log* log = nullptr;
    telemetry::WorkerCells* cells = nullptr;
  };

  // REACTOR outlives the client.
  Client(io::Reactor& reactor, ServerOptions options, Watch watch, Bounds bounds);
  Client(io::Reactor& reactor, ServerOptions options) : Client(reactor, std::move(options), Watch(), Bounds()) {}
  Client(const Client&) = delete;
  // REQUIRES: never called, or Stop() has ended.
  ~Client();

  // Sends a command and gives its reply, which may be of kind kError. ARGUMENTS are copied before this returns. Errors:
  //   kDeadlineExceeded, kCancelled   the wait's own, at its end; the command may be executed all the same, and its
  //                                   reply is dropped when it comes
  //   kResourceExhausted              too much is unanswered; at once
  //   kUnavailable                    the server is down, and why, at once; or it was lost while this waited
  Task<StatusOr<Reply>> Call(std::span<const std::string_view> arguments, Wait wait);

  // The server answered something that it cannot have meant: the connection is closed, and all who wait fail.
  void Distrust(std::string_view why) { Lose(absl::UnavailableError(ToAbsl(why))); }

  // The server does not do what it is there for: it answered with an error, of which WORD is the first (OOM, READONLY).
  // Told and counted as a loss, until it Serves() again; the connection stays, and whoever asks is answered.
  void Refuses(std::string_view word);
  void Serves();

  // Connected, as far as is known.
  bool up() const { return state_ == State::kUp; }
  const std::string& server() const { return options_.address.text; }

  // Fails all calls, closes the connection and waits until nothing runs any more. Calls fail from then on.
  Task<void> Stop();

 private:
  enum class State : std::uint8_t { kNew, kFirstDial, kUp, kDown, kStopped };

  // A caller that waits; in its coroutine.
  struct Pending {
    io::WaitQueue answered;
    std::optional<StatusOr<Reply>> result;
  };
  // A command that is not answered.
  struct Sent {
    Pending* caller = nullptr;  // null: gone
    std::size_t bytes = 0;
    TimePoint at;
  };
  struct Writer final : io::Runnable {
    explicit Writer(Client& client) : client(client) {}
    void Run() override { client.Write(); }
    Client& client;
  };
  class Caller;

  // --- Callers.
  Task<StatusOr<Reply>> Ask(std::string command, Wait wait);
  Task<Status> WaitForFirstDial(Wait wait);
  Status Admit(std::size_t bytes, const Wait& wait) const;
  std::uint64_t Send(std::string_view command, Pending& pending);
  Sent& At(std::uint64_t sequence) { return sent_[sequence % sent_.size()]; }
  void GiveUp(std::uint64_t sequence, io::Woke why);

  // --- The connection.
  Task<void> Run();
  Task<Status> Connect();
  Task<Status> ReadReplies();
  Status Receive(std::string_view bytes);
  Status OnReply(Reply reply);
  void Lose(const Status& why);
  void BeDown(State state, const Status& why);
  void Become(State state);
  void Count(int step);
  Task<void> CloseStream();

  // --- Writing.
  void SendSoon();
  void Write();
  Task<void> FinishWrite(Task<Status> writing);
  void OnWritten(const Status& status);

  io::Reactor& reactor_;
  const ServerOptions options_;
  const Bounds bounds_;
  telemetry::Trouble trouble_;
  telemetry::WorkerCells* const cells_;
  State state_ = State::kNew;
  bool refuses_ = false;  // while kUp
  Status down_;           // what callers get while kDown or kStopped
  std::size_t callers_ = 0;
  io::WaitQueue settled_;   // callers wait here for the first dial
  io::WaitQueue finished_;  // Stop() waits here

  Cancellation life_;
  bool running_ = false;
  Backoff backoff_;
  std::unique_ptr<io::Stream> stream_;
  ReplyParser parser_;

  // Commands are numbered; those in [oldest_, next_) are not answered, those from written_ on not with the stream.
  std::vector<Sent> sent_;  // a ring
  std::uint64_t oldest_ = 0;
  std::uint64_t written_ = 0;
  std::uint64_t next_ = 0;
  std::size_t unanswered_bytes_ = 0;
  int timeouts_ = 0;  // since the last reply
  TimePoint last_reply_;

  Writer writer_{*this};
  std::string collected_;  // to be written
  std::string writing_;    // being written
  std::array<std::string_view, 1> piece_;
  bool write_waits_ = false;
  io::WaitQueue written_queue_;  // the run waits here for the last write
};

}  // namespace penstock::redis
