#include "dataplane/upstream/testing/scripted_upstream.h"

#include <algorithm>
#include <array>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "dataplane/base/strings.h"

namespace penstock::upstream {

ScriptedUpstream::Action ScriptedUpstream::Reply(std::string content) {
  return {.bytes = StrCat("HTTP/1.1 200 OK\r\ncontent-length: ", content.size(), "\r\n\r\n", content)};
}

ScriptedUpstream::ScriptedUpstream(io::Reactor& reactor, Script script, std::shared_ptr<const tls::ServerContext> tls,
                                   std::string_view at)
    : reactor_(reactor),
      script_(std::move(script)),
      listener_(*io::Listener::Create(reactor, *io::Listen(*io::SocketAddress::Parse(at), {}))),
      tls_(std::move(tls)) {
  reactor_.Spawn(AcceptAll());
}

ScriptedUpstream::~ScriptedUpstream() { PENSTOCK_CHECK(open_.empty(), "Stop() and run the reactor first"); }

void ScriptedUpstream::Stop() {
  life_.Cancel();
  listener_->Close();
}

void ScriptedUpstream::CloseConnections() {
  for (io::Stream* stream : open_) stream->Close();
}

Task<void> ScriptedUpstream::AcceptAll() {
  while (true) {
    StatusOr<std::unique_ptr<io::TcpStream>> stream = co_await listener_->Accept({});
    if (!stream.ok()) co_return;
    reactor_.Spawn(Accept(*std::move(stream), connections_++));
  }
}

Task<void> ScriptedUpstream::Accept(std::unique_ptr<io::Stream> stream, int connection) {
  if (tls_ != nullptr) {
    auto secured = std::make_unique<tls::TlsStream>(std::move(stream), tls_);
    Status shaken = co_await secured->Handshake(Wait{kNoDeadline, &life_});
    if (!shaken.ok()) co_return;
    facts_ = secured->facts();
    stream = std::move(secured);
  }
  co_await Serve(std::move(stream), connection);
}

Task<void> ScriptedUpstream::Serve(std::unique_ptr<io::Stream> stream, int connection) {
  open_.push_back(stream.get());
  std::string buffer;
  for (int number = 0;; ++number) {
    bool more = co_await ReadHead(*stream, buffer);
    if (!more) break;
    Action action = script_(connection, number);
    std::size_t head = buffer.find("\r\n\r\n") + 4;
    std::string request = buffer.substr(0, head);
    std::size_t slot = requests_.size();
    requests_.push_back(request);
    if (!action.before_content) {
      bool complete = co_await ReadContent(*stream, buffer, head, request);
      if (!complete) break;
      requests_[slot] = request;
    }
    std::array<std::string_view, 1> pieces = {action.bytes};
    Status sent = co_await stream->Write(pieces, Wait{kNoDeadline, &life_});
    if (!sent.ok() || action.then == Action::Then::kClose) break;
    if (action.then == Action::Then::kReset) stream->Reset();
    if (action.then != Action::Then::kGoOn) {
      Status forever = co_await reactor_.SleepUntil(kNoDeadline, Wait{kNoDeadline, &life_});
      break;
    }
  }
  std::erase(open_, stream.get());
}

Task<bool> ScriptedUpstream::ReadHead(io::Stream& stream, std::string& buffer) {
  while (buffer.find("\r\n\r\n") == std::string::npos) {
    StatusOr<Chunk> chunk = co_await stream.Read(4096, Wait{kNoDeadline, &life_});
    if (!chunk.ok() || chunk->empty()) co_return false;
    buffer.append(chunk->view());
  }
  co_return true;
}

// Content-Length or chunked, by the simplest means.
Task<bool> ScriptedUpstream::ReadContent(io::Stream& stream, std::string& buffer, std::size_t head,
                                         std::string& request) {
  std::size_t length = 0;
  std::size_t field = request.find("content-length: ");
  if (field != std::string::npos) {
    std::string text = request.substr(field + 16, request.find("\r\n", field) - field - 16);
    if (!absl::SimpleAtoi(text, &length)) co_return false;
  }
  bool chunked = request.find("transfer-encoding: chunked") != std::string::npos;
  while (chunked ? buffer.find("0\r\n\r\n", head) == std::string::npos : buffer.size() < head + length) {
    StatusOr<Chunk> chunk = co_await stream.Read(BlockPool::kLarge, Wait{kNoDeadline, &life_});
    if (!chunk.ok() || chunk->empty()) co_return false;
    buffer.append(chunk->view());
  }
  std::size_t end = chunked ? buffer.find("0\r\n\r\n", head) + 5 : head + length;
  request = buffer.substr(0, end);
  buffer.erase(0, end);
  co_return true;
}

}  // namespace penstock::upstream
