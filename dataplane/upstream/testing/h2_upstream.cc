#include "dataplane/upstream/testing/h2_upstream.h"

#include "dataplane/base/when.h"

namespace penstock::upstream {

using http::h2::ErrorCode;
using http::h2::ServerConnection;

namespace {

void AddAll(const H2Upstream::Fields& fields, http::Headers& headers) {
  for (const auto& [name, value] : fields) headers.Add(name, value);
}

H2Upstream::Fields Texts(const http::Headers& headers) {
  H2Upstream::Fields fields;
  for (const http::Field& field : headers) fields.emplace_back(field.name(), field.value());
  return fields;
}

}  // namespace

// Has what was said about a request, and says the response.
class H2Upstream::Stream final : public http::h2::RequestStream {
 public:
  Stream(H2Upstream& owner, Session& session, Request& request, int number)
      : owner_(owner), session_(session), request_(request), number_(number) {}

  void Answer();
  bool held() const { return action_.hold && complete_ && !answered_; }

 private:
  http::RequestHead& Head() override { return head_; }
  http::Headers& Trailers() override { return trailers_; }
  Arena& Text() override { return arena_; }
  void OnHead(http::h2::Error error) override;
  void OnContent(Chunk content) override;
  void OnEnd(bool trailers) override;
  void OnMalformed(http::h2::Error) override {}
  void OnReset(ErrorCode code) override { request_.reset = code; }
  void OnTaken() override;
  void OnSent() override {}

  H2Upstream& owner_;
  Session& session_;
  Request& request_;
  const int number_;
  http::RequestHead head_;
  http::Headers trailers_;
  http::Headers sent_trailers_;
  Arena arena_;
  Action action_;
  bool complete_ = false;
  bool answered_ = false;
};

class H2Upstream::Session final : public ServerConnection::Events {
 public:
  Session(H2Upstream& owner, int number)
      : codec(*this, owner.reactor_, owner.reactor_.blocks(), owner.limits_), number(number), owner_(owner) {}
  ~Session() {
    for (const std::unique_ptr<Stream>& stream : streams) codec.Forget(*stream);
  }

  http::h2::RequestStream* OnRequest() override {
    int request = static_cast<int>(owner_.requests_.size());
    owner_.requests_.push_back(std::make_unique<Request>());
    owner_.requests_.back()->connection = number;
    streams.push_back(std::make_unique<Stream>(owner_, *this, *owner_.requests_.back(), request));
    return streams.back().get();
  }
  void OnGoaway() override { ++owner_.goaways_; }
  void OnPong() override {}

  ServerConnection codec;
  const int number;
  std::vector<std::unique_ptr<Stream>> streams;
  io::Stream* socket = nullptr;
  bool close = false;
  io::WaitQueue to_send;

 private:
  H2Upstream& owner_;
};

void H2Upstream::Stream::OnHead(http::h2::Error error) {
  PENSTOCK_CHECK(error == http::h2::Error::kNone, "the client sent a malformed request");
  request_.method = head_.method_text;
  request_.path = head_.target;
  request_.host = head_.headers.Get(http::HeaderId::kHost);
  request_.fields = Texts(head_.headers);
  action_ = owner_.script_(session_.number, number_);
  if (action_.goaway) session_.codec.Shutdown(ErrorCode::kNoError);
  if (!action_.before_content) return;
  complete_ = true;
  Answer();
}

void H2Upstream::Stream::OnContent(Chunk content) {
  request_.content += content.view();
  if (owner_.consume_) session_.codec.Consume(*this, content.size());
}

void H2Upstream::Stream::OnTaken() {
  if (action_.reset_behind.has_value() && unsent() == 0) session_.codec.Reset(*this, *action_.reset_behind);
}

void H2Upstream::Stream::OnEnd(bool trailers) {
  complete_ = true;
  if (trailers) request_.trailers = Texts(trailers_);
  if (!action_.hold) Answer();
}

void H2Upstream::Stream::Answer() {
  if (std::exchange(answered_, true)) return;
  session_.to_send.WakeAll();
  session_.close |= action_.close;
  if (action_.close) return;
  if (action_.reset.has_value()) return session_.codec.Reset(*this, *action_.reset);
  http::ResponseHead head;
  head.status = 103;
  head.headers.Add("link", "</a.css>");
  if (action_.informational) session_.codec.SendInformational(*this, head);
  head.Clear();
  head.status = action_.status;
  AddAll(action_.fields, head.headers);
  AddAll(action_.trailers, sent_trailers_);
  bool end = action_.content.empty() && action_.trailers.empty() && !action_.reset_behind.has_value();
  session_.codec.SendHead(*this, head, end);
  if (end) return;
  session_.codec.SendContent(*this, Chunk::Copy(action_.content));
  if (!action_.reset_behind.has_value()) session_.codec.EndContent(*this, &sent_trailers_);
}

H2Upstream::H2Upstream(io::Reactor& reactor, Script script, const http::h2::ServerLimits& limits,
                       std::shared_ptr<const tls::ServerContext> tls, std::string_view at)
    : reactor_(reactor),
      script_(std::move(script)),
      limits_(limits),
      tls_(std::move(tls)),
      listener_(*io::Listener::Create(reactor, *io::Listen(*io::SocketAddress::Parse(at), {}))) {
  reactor_.Spawn(AcceptAll());
}

H2Upstream::~H2Upstream() { PENSTOCK_CHECK(open_.empty(), "Stop() and run the reactor first"); }

void H2Upstream::Stop() {
  life_.Cancel();
  listener_->Close();
}

void H2Upstream::CloseConnections() {
  for (Session* session : open_) session->socket->Close();
}

void H2Upstream::Drain() {
  for (Session* session : open_) {
    session->codec.Shutdown(ErrorCode::kNoError);
    session->to_send.WakeAll();
  }
}

void H2Upstream::AnswerHeld() {
  for (Session* session : open_) {
    for (const std::unique_ptr<Stream>& stream : session->streams) {
      if (stream->held() && !stream->closed()) stream->Answer();
    }
  }
}

Task<void> H2Upstream::AcceptAll() {
  while (true) {
    StatusOr<std::unique_ptr<io::TcpStream>> stream = co_await listener_->Accept({});
    if (!stream.ok()) co_return;
    reactor_.Spawn(Accept(*std::move(stream), connections_++));
  }
}

Task<void> H2Upstream::Accept(std::unique_ptr<io::Stream> stream, int number) {
  if (tls_ != nullptr) {
    auto secured = std::make_unique<tls::TlsStream>(std::move(stream), tls_);
    Status shaken = co_await secured->Handshake(Wait{kNoDeadline, &life_});
    if (!shaken.ok()) co_return;
    stream = std::move(secured);
  }
  co_await Serve(std::move(stream), number);
}

namespace {

// Writes whenever there is something to write.
Task<bool> WriteAll(ServerConnection& codec, io::Stream& stream, io::Reactor& reactor, io::WaitQueue& to_send,
                    Cancellation& life) {
  while (!life.cancelled()) {
    http::h2::Output out(reactor.blocks());
    codec.Send(out);
    if (!out.empty()) {
      Status sent = co_await stream.Write(out.pieces(), Wait{kNoDeadline, &life});
      if (!sent.ok()) co_return false;
      continue;
    }
    if (codec.finished()) co_return true;
    io::Waiter waiter(reactor, to_send, Wait{kNoDeadline, &life});
    co_await waiter;
  }
  co_return true;
}

}  // namespace

Task<void> H2Upstream::Serve(std::unique_ptr<io::Stream> stream, int number) {
  Session session(*this, number);
  session.socket = stream.get();
  open_.push_back(&session);
  Cancellation life(&life_);
  Child<bool> writer;
  writer.Start(WriteAll(session.codec, *stream, reactor_, session.to_send, life));
  while (!session.close && !session.codec.finished()) {
    StatusOr<Chunk> bytes = co_await stream->Read(BlockPool::kMedium, Wait{kNoDeadline, &life});
    if (!bytes.ok() || bytes->empty()) break;
    session.codec.Receive(*std::move(bytes));
    session.to_send.WakeAll();
  }
  life.Cancel();
  bool written = co_await writer.Join();
  static_cast<void>(written);
  std::erase(open_, &session);
}

}  // namespace penstock::upstream
