#include "dataplane/downstream/h1_session.h"

#include <algorithm>

#include "dataplane/base/check.h"
#include "dataplane/base/strings.h"
#include "dataplane/downstream/linger.h"
#include "dataplane/snapshot/admission.h"

namespace penstock::downstream {
namespace {

using http::h1::Progress;

http::h1::HeadLimits LimitsOf(const snapshot::ClientSettings& settings) {
  return {.line_bytes = settings.max_request_line_bytes,
          .header_bytes = settings.max_header_bytes,
          .header_count = settings.max_header_count};
}

}  // namespace

H1Session::H1Session(Connection& connection)
    : connection_(connection),
      downstream_(connection.downstream()),
      stream_(connection.stream()),
      idle_(&downstream_.life()),
      parser_(http::h1::HeadLimits{}),
      exchange_(nullptr, ExchangePool::Return{&downstream_.exchanges()}),
      body_(stream_, input_, *this),
      output_(stream_),
      defaults_(connection.settings()),
      defaults_serial_(connection.settings_serial()) {
  stream_.set_watcher(this);
}

H1Session::~H1Session() { stream_.set_watcher(nullptr); }

Task<void> H1Session::Serve() {
  io::Reactor& reactor = stream_.reactor();
  proxy::Proxy& proxy = downstream_.proxy();
  max_requests_ = defaults_.max_requests_per_connection;
  idle_deadline_ = After(reactor.Now(), defaults_.first_byte_timeout);
  bool more = true;
  while (more) {
    Next next = co_await ReadRequest();
    if (next == Next::kClose) break;
    co_await proxy::HandleRequest(proxy, *this);
    more = co_await FinishRequest();
  }
  if (!linger_) co_return;
  input_.Reset();
  co_await Linger(stream_, kMaxDrain * 16, Wait{After(reactor.Now(), kLingerTime), &downstream_.life()});
}

// The next request, or what stands for it: a head that was refused is answered, too.
Task<H1Session::Next> H1Session::ReadRequest() {
  if (input_.empty()) {
    waiting_ = true;
    if (downstream_.draining()) OnDrain();
    Wait wait = Wait{idle_deadline_, &idle_}.Until(requests_ == 0 ? idle_deadline_ : connection_.max_age());
    StatusOr<Chunk> bytes = co_await stream_.Read(BlockPool::kMedium, wait);
    if (!bytes.ok() || bytes->empty()) co_return Next::kClose;
    input_ = *std::move(bytes);
  }
  waiting_ = false;
  drain_timer_.Disarm();
  BeginExchange();
  Next next = co_await ReadHead();
  if (next == Next::kClose) exchange_.reset();
  co_return next;
}

void H1Session::BeginExchange() {
  io::Reactor& reactor = stream_.reactor();
  FollowGeneration();
  exchange_ = downstream_.exchanges().Get();
  request_.emplace(&downstream_.life());
  connection_.Begin(*exchange_, *request_);
  exchange_->request_body = &body_;
  head_deadline_ = After(reactor.Now(), defaults_.request_headers_timeout);
  parser_.Reset(LimitsOf(defaults_));
  output_.Begin(*request_);
  Apply(defaults_);
  close_ = false;
  accepts_trailers_ = false;
  ++requests_;
}

void H1Session::FollowGeneration() {
  proxy::Proxy& proxy = downstream_.proxy();
  const snapshot::BindGroup* group = proxy.Listeners(connection_.place());
  if (group == nullptr || defaults_serial_ == proxy.serial) return;
  defaults_ = connection_.FollowGeneration().client;
  defaults_serial_ = proxy.serial;
}

// A head that came in one piece costs no coroutine.
Task<H1Session::Next> H1Session::ReadHead() {
  if (ParseHead() != Progress::kNeedMore) return Next::kRequest;
  return ReadRestOfHead();
}

Task<H1Session::Next> H1Session::ReadRestOfHead() {
  Progress progress = Progress::kNeedMore;
  while (progress == Progress::kNeedMore) {
    bool more = co_await ReadMoreOfHead();
    if (!more) co_return exchange_->reason == Reason::kNone ? Next::kClose : Next::kRequest;
    progress = ParseHead();
  }
  FollowGeneration();
  co_return Next::kRequest;
}

Progress H1Session::ParseHead() {
  Exchange& x = *exchange_;
  // The parser makes names lower case in place; nobody else has seen these bytes yet.
  char* bytes = const_cast<char*>(input_.data());
  Progress progress = parser_.Parse({bytes, input_.size()}, x.request);
  x.time.head_received = stream_.reactor().Now();
  if (progress == Progress::kError) {
    snapshot::Admission refused = snapshot::RefusedHead(parser_.error());
    Refuse(refused.reason, refused.detail);
  } else if (progress == Progress::kDone) {
    head_ = input_.SplitFront(parser_.consumed());
    if (!x.request.upgrade.empty()) MoveHead();
    const http::RequestHead& request = x.request;
    accepts_trailers_ = request.version == http::Version::kHttp11 && request.headers.Has(http::HeaderId::kTe) &&
                        http::ListHas(request.headers.Get(http::HeaderId::kTe), "trailers");
    body_.Begin(x, LimitsOf(defaults_));
  }
  return progress;
}

// What may become a tunnel may live for hours: its head moves into the exchange's own memory, out of a block many times
// as large.
void H1Session::MoveHead() {
  Exchange& x = *exchange_;
  char* copy = x.arena.Allocate(head_.size());
  std::copy_n(head_.data(), head_.size(), copy);
  Progress again = parser_.Parse({copy, head_.size()}, x.request);
  PENSTOCK_CHECK(again == Progress::kDone, "equal bytes are an equal head");
  head_.Reset();
}

Task<bool> H1Session::ReadMoreOfHead() {
  Wait wait{head_deadline_, &*request_};
  StatusOr<Chunk> bytes = co_await stream_.Read(BlockPool::kMedium, wait);
  if (bytes.ok() && !bytes->empty()) {
    input_.Append(stream_.reactor().blocks(), bytes->view());
    co_return true;
  }
  bool timeout = !bytes.ok() && IsTimeout(bytes.status());
  if (timeout) Refuse(Reason::kRequestTimeout, "the head did not arrive in time");
  co_return false;
}

// The head is not usable: HandleRequest answers for the reason, then the connection ends.
void H1Session::Refuse(Reason reason, std::string_view detail) {
  exchange_->reason = reason;
  exchange_->detail = detail;
  head_ = std::move(input_);
  close_ = true;
}

void H1Session::Apply(const snapshot::ClientSettings& settings) {
  MinRate rate(settings.min_body_rate, settings.response_rate_grace());
  body_.Apply(settings);
  output_.SetPatience(settings.stream_idle_timeout, rate);
  max_requests_ = settings.max_requests_per_connection;
}

Status H1Session::StartResponse(bool close) {
  Exchange& x = *exchange_;
  bool dead_end = close || x.request.close || body_.broken() || LastRequest() || !MayDrain();
  close_ |= dead_end;
  Status started = output_.Start(x.response, x.request.method, x.request.version, close_);
  if (x.response.framing.kind == http::Framing::Kind::kTunnel && started.ok()) BeginTunnel();
  return started;
}

// The bytes that the client sent behind the head of its request waited in `input_`, and nobody took them for a request:
// now they are the tunnel's.
void H1Session::BeginTunnel() {
  body_.BeginTunnel();
  output_.SetPatience(kNoDeadline.time_since_epoch(), MinRate());
}

// Is there something about this connection that makes this request its last one?
bool H1Session::LastRequest() const {
  bool old = stream_.reactor().Now() >= connection_.max_age() || requests_ >= max_requests_;
  return old || downstream_.draining() || downstream_.proxy().Listeners(connection_.place()) == nullptr;
}

// Could what is left of the content be read off, should the response be done before it? If the response comes from an
// upstream that still reads, it will be read anyway.
bool H1Session::MayDrain() const {
  bool streaming = exchange_->reason == Reason::kNone;
  if (body_.complete()) return true;
  if (exchange_->request.expect_continue && exchange_->bytes_in == 0) return false;
  return streaming || body_.left() <= kMaxDrain;
}

void H1Session::Abort() {
  aborted_ = true;
  output_.Drop();
  // A content that ends with the connection must not look complete.
  if (output_.until_close() && output_.started()) {
    stream_.Reset();
  } else {
    stream_.Close();
  }
}

// The response is over. True if the connection can take another request.
Task<bool> H1Session::FinishRequest() {
  bool usable = !aborted_ && !close_ && output_.ended() && !body_.broken() && !gone();
  if (usable && !body_.complete()) return DrainAndForget();
  return Forget(usable);
}

Task<bool> H1Session::DrainAndForget() {
  bool usable = co_await DrainContent();
  co_return Forget(usable);
}

// Lets go of the exchange; gives USABLE back.
bool H1Session::Forget(bool usable) {
  linger_ = !usable && !aborted_ && !gone();
  body_.Forget();
  exchange_.reset();
  request_.reset();
  head_.Reset();
  idle_deadline_ = After(stream_.reactor().Now(), defaults_.keepalive_timeout);
  return usable;
}

// Reads the rest of a content that nobody wanted.
Task<bool> H1Session::DrainContent() {
  TimePoint deadline = After(stream_.reactor().Now(), kDrainTime);
  uint64_t drained = 0;
  body_.Resume(deadline);
  while (!body_.complete()) {
    if (drained > kMaxDrain || body_.broken()) co_return false;
    StatusOr<Chunk> chunk = co_await body_.Read();
    if (!chunk.ok()) co_return false;
    drained += chunk->size();
  }
  co_return true;
}

void H1Session::OnGone() {
  // A tunnel of which both sides have ended is gone, too, but what the client sent last may still be on its way.
  if (output_.until_close() && output_.ended()) return;
  gone_ = true;
  if (request_.has_value()) request_->Cancel();
}

void H1Session::OnDrain() {
  if (!waiting_) return;
  io::Reactor& reactor = stream_.reactor();
  drain_timer_.Arm(reactor.timers(), After(reactor.Now(), Downstream::kIdleInDrain));
}

void H1Session::OnDrainTimer() {
  if (waiting_) idle_.Cancel();
}

}  // namespace penstock::downstream
