#include "dataplane/fetch/fetch_loop.h"

#include <algorithm>

#include "dataplane/telemetry/log/trouble.h"

namespace penstock::fetch {

// One document; lives as long as its task.
struct FetchLoop::Lane {
  Lane(FetchLoop& loop, std::uint64_t id, Source source, Duration refresh, std::weak_ptr<WebDocument> document)
      : id(id),
        source(std::move(source)),
        refresh(refresh),
        document(std::move(document)),
        life(&loop.life_),
        trouble(loop.log_, "fetch", "a document cannot be fetched; one that was fetched before stays in use",
                "a document is fetched again") {}

  const std::uint64_t id;
  const Source source;
  const Duration refresh;
  const std::weak_ptr<WebDocument> document;
  Cancellation life;
  io::WaitQueue wake;  // its task rests here
  bool renew = false;
  Duration last_gap{0};  // after the last fetch, if that failed
  telemetry::Trouble trouble;
};

FetchLoop::FetchLoop(io::Reactor& reactor, io::Resolver& resolver, const Pace& pace, telemetry::Log* log,
                     telemetry::ProcessCells* cells)
    : reactor_(reactor), resolver_(resolver), pace_(pace), log_(log), cells_(cells) {}

FetchLoop::~FetchLoop() { PENSTOCK_CHECK(idle(), "Stop() and run the reactor first"); }

void FetchLoop::Follow(std::uint64_t id, Source source, Duration refresh, std::weak_ptr<WebDocument> document) {
  auto lane = std::make_unique<Lane>(*this, id, std::move(source), refresh, std::move(document));
  Lane& followed = *lane;
  lanes_.emplace(id, std::move(lane));
  reactor_.Spawn(Run(followed));
}

void FetchLoop::Renew(std::uint64_t id) {
  auto found = lanes_.find(id);
  if (found == lanes_.end()) return;
  found->second->renew = true;
  found->second->wake.WakeOne();
}

void FetchLoop::Forget(std::uint64_t id) {
  auto found = lanes_.find(id);
  if (found != lanes_.end()) found->second->life.Cancel();
}

Task<void> FetchLoop::Run(Lane& lane) {
  while (!lane.life.cancelled()) {
    TimePoint begun = reactor_.Now();
    if (std::shared_ptr<WebDocument> document = lane.document.lock()) document->Begin();
    Wait wait{After(begun, pace_.timeout), &lane.life};
    StatusOr<std::string> content = co_await Get(reactor_, resolver_, lane.source, wait);
    if (lane.life.cancelled()) break;
    Duration pause = Settle(lane, std::move(content));
    co_await Rest(lane, begun, pause);
  }
  if (std::shared_ptr<WebDocument> document = lane.document.lock()) document->Stop();
  std::uint64_t id = lane.id;
  lanes_.erase(id);
}

// Tells everybody; gives how long to rest.
Duration FetchLoop::Settle(Lane& lane, StatusOr<std::string> content) {
  // Who asked meanwhile asked for this fetch.
  lane.renew = false;
  std::shared_ptr<WebDocument> document = lane.document.lock();
  if (content.ok()) {
    if (cells_ != nullptr) cells_->fetches.Add();
    lane.trouble.Worked({{"from", lane.source.uri.authority}});
    lane.last_gap = Duration::zero();
    if (document != nullptr) document->Succeed(*std::move(content));
    return Spread(lane.refresh);
  }
  if (cells_ != nullptr) cells_->fetch_failures.Add();
  std::string why(content.status().message());
  lane.trouble.Failed(reactor_.Now(), {{"why", why}});
  if (document != nullptr) document->Fail(std::move(why));
  return AfterFailure(lane);
}

Duration FetchLoop::AfterFailure(Lane& lane) {
  lane.last_gap = std::clamp(lane.last_gap * 2, pace_.gap, pace_.longest_gap);
  return lane.last_gap;
}

// A tenth shorter up to a tenth longer, so that documents and the fleet do not ask at once.
Duration FetchLoop::Spread(Duration duration) {
  std::int64_t tenth = std::max<std::int64_t>(duration.count() / 10, 0);
  std::uint64_t random = reactor_.random().Below(static_cast<std::uint64_t>(2 * tenth + 1));
  return duration + Duration(static_cast<std::int64_t>(random) - tenth);
}

// Until PAUSE is over or somebody wants a fetch, and until the pace allows one.
Task<void> FetchLoop::Rest(Lane& lane, TimePoint begun, Duration pause) {
  Wait wait{After(reactor_.Now(), pause), &lane.life};
  while (!lane.renew) {
    io::Waiter waiter(reactor_, lane.wake, wait);
    io::Woke woke = co_await waiter;
    if (woke != io::Woke::kEvent) break;
  }
  Status slept = co_await reactor_.SleepUntil(After(begun, pace_.gap), Wait{kNoDeadline, &lane.life});
  slept.IgnoreError();
}

}  // namespace penstock::fetch
