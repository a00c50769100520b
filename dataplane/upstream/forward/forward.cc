#include "dataplane/upstream/forward/forward.h"

#include "absl/container/inlined_vector.h"
#include "dataplane/upstream/cluster.h"
#include "dataplane/upstream/forward/forward_to.h"
#include "dataplane/upstream/forward/mirror.h"
#include "dataplane/upstream/forward/replay_body.h"
#include "dataplane/upstream/forward/retry.h"
#include "dataplane/upstream/forward/try.h"
#include "dataplane/upstream/forward/upstream_response.h"
#include "dataplane/upstream/forward/upstream_stream.h"

namespace penstock::upstream {
namespace {

// A retry's place in the budget.
class RetryPlace {
 public:
  explicit RetryPlace(Cluster& cluster) : cluster_(cluster) {}
  RetryPlace(const RetryPlace&) = delete;
  ~RetryPlace() { End(); }

  bool Begin(std::uint32_t max_retries, std::uint32_t budget_percent) {
    End();
    held_ = cluster_.BeginRetry(max_retries, budget_percent);
    return held_;
  }

 private:
  void End() {
    if (held_) cluster_.EndRetry();
    held_ = false;
  }

  Cluster& cluster_;
  bool held_ = false;
};

// What the tries of one request share.
struct Tries {
  Tries(ViewRef shown, Lease place) : view(std::move(shown)), request(std::move(place)) {}

  ViewRef view;
  Lease request;
  ReplayBody* body = nullptr;
  absl::InlinedVector<std::size_t, 8> endpoints;  // tried ones
  std::uint32_t count = 0;
  bool connect_failed = false;  // the last try did not get a connection
};

// The reason for what went wrong with the request's content.
Reason SourceFailure(const Status& failure) {
  switch (failure.code()) {
    case absl::StatusCode::kOk:  // shorter or longer than its length: a policy made it so
      return Reason::kInternalError;
    case absl::StatusCode::kDeadlineExceeded:
      return Reason::kRequestTimeout;
    case absl::StatusCode::kInvalidArgument:
      return Reason::kBodyMalformed;
    case absl::StatusCode::kResourceExhausted:
      return Reason::kBodyTooLarge;
    default:
      return Reason::kClientGone;
  }
}

// Another endpoint; the same ones again only if what failed was the connection, not the connect.
std::optional<std::size_t> PickEndpoint(Exchange& x, Tries& tries, TimePoint now) {
  std::optional<std::size_t> index = tries.view->Pick(x.seed, now, tries.endpoints);
  if (!index.has_value() && !tries.connect_failed && !tries.endpoints.empty()) {
    tries.endpoints.clear();
    index = tries.view->Pick(x.seed, now, tries.endpoints);
  }
  if (index.has_value()) tries.endpoints.push_back(*index);
  return index;
}

// In the arena: the next handshake may fail otherwise.
Reason TlsFailed(Exchange& x, const EndpointPool& pool) {
  x.detail = x.arena.Copy(pool.why());
  return Reason::kUpstreamTlsFailed;
}

Reason NoneLeft(Exchange& x, const Tries& tries, const Tried& last) {
  if (tries.count > 0) return last.result.reason;
  View::Nobody nobody = tries.view->WhyNobody();
  if (!nobody.why.empty()) x.detail = x.arena.Copy(nobody.why);
  return nobody.reason;
}

TryResult ConnectFailure(Exchange& x, AcquireFailure failure, const EndpointPool& pool, TimePoint now) {
  using Sent = TryResult::Sent;
  switch (failure) {
    case AcquireFailure::kOverloaded:
      x.detail = "connections.maxPending requests wait for a connection already";
      return {Reason::kUpstreamOverloaded, Sent::kDoNotRepeat};
    case AcquireFailure::kNoTurn:
      x.detail = "none of connections.maxConnections connections became free in time";
      return {Reason::kUpstreamOverloaded, Sent::kDoNotRepeat};
    case AcquireFailure::kConnectTimeout:
      return {Reason::kUpstreamConnectTimeout, Sent::kNothing};
    case AcquireFailure::kTlsFailed:
      return {TlsFailed(x, pool), Sent::kNothing};
    case AcquireFailure::kWaitOver:
      if (x.cancellation().cancelled()) return {Reason::kClientGone, Sent::kDoNotRepeat};
      return {Reason::kUpstreamTimeout, now >= x.deadline ? Sent::kDoNotRepeat : Sent::kNothing};
    default:
      return {Reason::kUpstreamConnectFailed, Sent::kNothing};
  }
}

Duration TryTimeout(const snapshot::Forward& rule) {
  Duration timeout = rule.backend_timeout;
  bool per_try = rule.retry.has_value() && rule.retry->per_try > Duration::zero();
  if (per_try && (timeout == Duration::zero() || rule.retry->per_try < timeout)) timeout = rule.retry->per_try;
  return timeout;
}

// A try over what was acquired.
Try& MakeTry(Exchange& x, Tries& tries, Acquired acquired) {
  if (acquired.place.ok()) {
    return x.Own<UpstreamStream>(x, tries.view.Share(), std::move(acquired.place), acquired.reused,
                                 std::move(tries.request));
  }
  return x.Own<UpstreamResponse>(x, tries.view.Share(), std::move(acquired.connection), acquired.reused,
                                 std::move(tries.request));
}

// One try on one endpoint. If it gives a response, x.response_body is it.
Task<TryResult> TryOnce(Exchange& x, Tries& tries, std::size_t endpoint, const snapshot::Forward& rule,
                        InformationalSink* informational) {
  Cluster& cluster = tries.view->cluster();
  io::Reactor& reactor = cluster.reactor();
  EndpointPool& pool = *tries.view->endpoints()[endpoint].pool;
  x.endpoint = x.arena.Copy(pool.text());
  x.tries = ++tries.count;
  x.time.upstream_start = reactor.Now();
  x.time.upstream_head = TimePoint();  // of an answer that was not good enough
  x.detail = {};
  Duration timeout = TryTimeout(rule);
  TimePoint try_deadline = timeout > Duration::zero() ? After(reactor.Now(), timeout) : kNoDeadline;
  Wait wait = x.wait().Until(try_deadline);
  // HTTP/2 has no Upgrade (RFC 9113 8.2.2).
  Offer offer = x.request.upgrade.empty() ? Offer::kConfigured : Offer::kHttp1;
  Acquired acquired = co_await cluster.Acquire(*tries.view, endpoint, tries.count > 1, wait, offer);
  x.time.connect = acquired.connect;
  tries.connect_failed = acquired.failure != AcquireFailure::kNone;
  if (tries.connect_failed) {
    TryResult failed = ConnectFailure(x, acquired.failure, pool, reactor.Now());
    if (failed.reason == Reason::kUpstreamOverloaded) cluster.cells().limit_refusals.Add();
    co_return failed;
  }
  Try& response = MakeTry(x, tries, std::move(acquired));
  Duration after_upload = tries.body != nullptr ? std::max<Duration>(timeout, rule.request_timeout) : Duration::zero();
  TryResult result = co_await response.Run(tries.body, informational, wait.deadline, after_upload);
  response.CountTry(result);
  if (result.reason == Reason::kNone) {
    x.response_body = &response.ResponseBody();
    co_return result;
  }
  if (response.upload_failed_at_source()) {
    result = {SourceFailure(tries.body->failure()), TryResult::Sent::kDoNotRepeat};
    if (x.reason != Reason::kNone) result.reason = x.reason;
  }
  tries.connect_failed = result.reason == Reason::kUpstreamTlsFailed;
  if (result.reason == Reason::kUpstreamTimeout && reactor.Now() >= x.deadline)
    result.sent = TryResult::Sent::kDoNotRepeat;
  tries.request = response.TakeRequest();
  co_await response.Finish();
  co_return result;
}

// What went wrong, and that it stays so.
std::string_view Denied(Exchange& x) {
  constexpr std::string_view kWhy = "not tried again: connections.maxRetries and retries.budget are used up";
  if (x.detail.empty()) return kWhy;
  return x.arena.Concat({x.detail, "; ", kWhy});
}

// Throws a response away so that its request can be sent again.
Task<void> DropResponse(Exchange& x, Tries& tries) {
  tries.request = static_cast<Try*>(x.response_body)->TakeRequest();
  co_await x.response_body->Finish();
  x.response_body = &x.no_body;
  x.response.Clear();
}

}  // namespace

Task<Reason> Forward(Exchange& x, Attempt attempt) {
  Mirrors* mirrors = nullptr;
  if (!attempt.mirrors.empty()) mirrors = &x.Own<Mirrors>(x, attempt.upstreams, attempt.mirrors);
  return ForwardTo(x, attempt.cluster.view(), attempt.rule, mirrors, attempt.informational);
}

Task<Reason> ForwardTo(Exchange& x, ViewRef view, const snapshot::Forward& rule, Mirrors* mirrors,
                       InformationalSink* informational) {
  Cluster& cluster = view->cluster();
  io::Reactor& reactor = cluster.reactor();
  const snapshot::Retry* retry = rule.retry.has_value() ? &*rule.retry : nullptr;
  std::uint32_t budget = retry != nullptr ? retry->budget_percent : snapshot::kDefaultRetryBudgetPercent;
  RetryPlace place(cluster);
  Tries tries(std::move(view), cluster.TakeRequest());
  x.cluster = x.arena.Copy(cluster.name());
  if (!tries.request.ok()) {
    cluster.cells().limit_refusals.Add();
    x.detail = "connections.maxRequests requests run already";
    co_return Reason::kUpstreamOverloaded;
  }
  Status resolved = co_await cluster.Resolved(x.wait());
  if (!resolved.ok() || !cluster.up_to_date()) tries.view = cluster.Refreshed(*tries.view);
  x.endpoints_epoch = tries.view->epoch();
  if (x.request.framing.HasBody()) tries.body = &x.Own<ReplayBody>(*x.request_body, kReplayBytes);
  if (mirrors != nullptr) mirrors->Begin(tries.body);
  bool idempotent = http::IsIdempotent(x.request.method);
  Tried last;
  while (true) {
    std::optional<std::size_t> endpoint = PickEndpoint(x, tries, reactor.Now());
    if (!endpoint.has_value()) co_return NoneLeft(x, tries, last);
    TryResult result = co_await TryOnce(x, tries, *endpoint, rule, informational);
    last = Tried{.result = result,
                 .status = x.response.status,
                 .tries = tries.count,
                 .idempotent = idempotent,
                 .can_replay = tries.body == nullptr || tries.body->CanReplay(),
                 .connected = !tries.connect_failed};
    bool again = WantsRetry(last, retry);
    if (again && NeedsBudget(last) && !place.Begin(tries.view->settings().max_retries, budget)) {
      cluster.cells().retries_denied.Add();
      x.detail = Denied(x);
      again = false;
    }
    if (!again) break;
    cluster.cells().retries.Add();
    if (result.reason == Reason::kNone) co_await DropResponse(x, tries);
    Duration backoff = Backoff(last, retry, x.seed);
    if (backoff > Duration::zero()) {
      Status slept = co_await reactor.Sleep(backoff, x.wait());
      if (!slept.ok()) co_return IsTimeout(slept) ? Reason::kUpstreamTimeout : Reason::kClientGone;
    }
    if (tries.body != nullptr) tries.body->Rewind();
  }
  Reason reason = last.result.reason;
  co_return reason == Reason::kClientGone&& x.reason != Reason::kNone ? x.reason : reason;
}

}  // namespace penstock::upstream
