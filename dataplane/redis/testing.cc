#include "dataplane/redis/testing.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>

#include "dataplane/base/check.h"
#include "dataplane/io/net/socket_address.h"

namespace penstock::redis {
namespace {

constexpr int kStartTries = 2000;  // of 5 ms

// Whether PING is answered there, in whatever way.
bool Answers(const std::string& address) {
  io::SocketAddress place = *io::SocketAddress::Parse(address);
  io::Fd fd(socket(place.family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (connect(fd.get(), place.raw(), place.raw_length()) != 0) return false;
  char byte;
  return send(fd.get(), "PING\r\n", 6, MSG_NOSIGNAL) == 6 && recv(fd.get(), &byte, 1, 0) == 1;
}

ServerOptions OptionsFor(const std::string& address) {
  ServerOptions options;
  options.address = *ServerAddress::Parse(address);
  return options;
}

}  // namespace

RedisServer::RedisServer(std::vector<std::string> arguments) {
  char directory[] = "/tmp/penstock-redis-XXXXXX";
  PENSTOCK_CHECK(mkdtemp(directory) != nullptr, "/tmp can be written");
  directory_ = directory;
  arguments_ = {"redis-server",
                "--port",
                "0",
                "--unixsocket",
                directory_ + "/socket",
                "--dir",
                directory_,
                "--logfile",
                "log",
                "--save",
                "",
                "--appendonly",
                "no",
                "--daemonize",
                "no"};
  arguments_.insert(arguments_.end(), arguments.begin(), arguments.end());
  Start();
}

RedisServer::~RedisServer() {
  Kill();
  std::filesystem::remove_all(directory_);
}

ServerOptions RedisServer::options() const { return OptionsFor(address()); }

void RedisServer::Start() {
  std::vector<char*> argv;
  for (std::string& argument : arguments_) argv.push_back(argument.data());
  argv.push_back(nullptr);
  pid_ = fork();
  if (pid_ == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    execvp(argv[0], argv.data());
    _exit(127);
  }
  for (int tries = 0; tries < kStartTries && !Answers(address()); ++tries) {
    PENSTOCK_CHECK(waitpid(pid_, nullptr, WNOHANG) == 0, "redis-server starts (Debian's package redis-server)");
    usleep(5000);
  }
  PENSTOCK_CHECK(Answers(address()), "redis-server answers");
}

void RedisServer::Kill() {
  if (pid_ <= 0) return;
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

void RedisServer::Pause() const {
  kill(pid_, SIGSTOP);
  waitpid(pid_, nullptr, WUNTRACED);
}

void RedisServer::Continue() const { kill(pid_, SIGCONT); }

FakeServer::FakeServer(io::Reactor& reactor, std::string greeting, std::string answer, Then then)
    : reactor_(reactor), greeting_(std::move(greeting)), answer_(std::move(answer)), then_(then) {
  listener_ = *io::Listener::Create(reactor, *io::Listen(*io::SocketAddress::Parse("127.0.0.1:0"), {}));
  reactor_.Spawn(Accept());
}

FakeServer::~FakeServer() {
  life_.Cancel();
  while (running_ > 0) reactor_.Turn(std::chrono::milliseconds(1));
}

ServerOptions FakeServer::options() const { return OptionsFor(listener_->address().ToString()); }

Task<void> FakeServer::Accept() {
  ++running_;
  while (!life_.cancelled()) {
    StatusOr<std::unique_ptr<io::TcpStream>> stream = co_await listener_->Accept({kNoDeadline, &life_});
    if (!stream.ok()) break;
    ++connections_;
    reactor_.Spawn(Serve(*std::move(stream)));
  }
  --running_;
}

Task<void> FakeServer::Serve(std::unique_ptr<io::TcpStream> stream) {
  ++running_;
  Wait wait{kNoDeadline, &life_};
  for (const std::string* answer : {&greeting_, &answer_}) {
    StatusOr<Chunk> asked = co_await stream->Read(BlockPool::kLarge, wait);
    if (!asked.ok() || asked->empty()) break;
    const std::string_view pieces[] = {*answer};
    Status written = co_await stream->Write(pieces, wait);
    if (!written.ok()) break;
  }
  if (then_ == Then::kStays) {
    Status stayed = co_await reactor_.Sleep(std::chrono::hours(1), wait);
  }
  --running_;
}

std::uint16_t FreePort() { return io::BoundAddress(*io::Listen(*io::SocketAddress::Parse("127.0.0.1:0"), {}))->port(); }

}  // namespace penstock::redis
