#include "dataplane/upstream/dns_lane.h"

#include <algorithm>

#include "dataplane/base/when.h"

namespace penstock::upstream {

DnsLane::DnsLane(io::Reactor& reactor, io::Resolver& resolver, std::string cluster, telemetry::ClusterCells& cells)
    : reactor_(reactor), resolver_(resolver), cluster_(std::move(cluster)), cells_(cells) {}

DnsLane::~DnsLane() { PENSTOCK_CHECK(!running_, "Stop() and run the reactor first"); }

void DnsLane::Follow(const snapshot::DnsDiscovery& discovery) {
  std::vector<Name> names;
  for (const snapshot::DnsTarget& target : discovery.names) {
    Name& name = names.emplace_back(Name{target, {}});
    for (const Name& known : names_) {
      if (known.target.name == target.name) name.addresses = known.addresses;
    }
  }
  names_ = std::move(names);
  refresh_ = std::max<Duration>(discovery.refresh, kShortest);
  ++names_version_;
  answered_ = std::any_of(names_.begin(), names_.end(), [](const Name& name) { return !name.addresses.empty(); });
  endpoints_ = nullptr;
  if (answered_) Publish();
  if (!running_) {
    running_ = true;
    reactor_.Spawn(Run());
  } else {
    wake_.WakeOne();
  }
}

Task<Status> DnsLane::FirstAnswer(Wait wait) {
  while (!answered_ && running_) {
    io::Waiter waiter(reactor_, first_answer_, wait);
    io::Woke woke = co_await waiter;
    if (woke != io::Woke::kEvent && !answered_) co_return io::ToStatus(woke, "resolve");
  }
  bool any = endpoints_ != nullptr && !endpoints_->endpoints.empty();
  co_return any ? absl::OkStatus() : absl::NotFoundError("no name of the cluster could be resolved");
}

Task<void> DnsLane::Run() {
  while (!life_.cancelled()) {
    Duration next = co_await ResolveAll();
    first_answer_.WakeAll();
    // Spread over a tenth, so that the workers and the fleet do not ask at once.
    Duration jitter(
        static_cast<std::int64_t>(reactor_.random().Below(static_cast<std::uint64_t>(next.count() / 10 + 1))));
    Wait until{After(reactor_.Now(), next - jitter), &life_};
    io::Waiter waiter(reactor_, wake_, until);
    co_await waiter;
  }
  running_ = false;
  first_answer_.WakeAll();
}

// Asks for all names at once; gives when to ask again.
Task<Duration> DnsLane::ResolveAll() {
  std::uint64_t version = names_version_;
  std::vector<Task<StatusOr<io::DnsAnswer>>> tasks;
  for (const Name& name : names_) tasks.push_back(ResolveOne(name.target.name));
  std::vector<StatusOr<io::DnsAnswer>> answers = co_await WhenAll(std::move(tasks));
  if (version != names_version_ || life_.cancelled()) co_return Duration::zero();
  Duration next = refresh_;
  for (std::size_t i = 0; i < answers.size(); ++i) {
    if (answers[i].ok()) {
      names_[i].addresses = std::move(answers[i]->addresses);
      next = std::min(next, answers[i]->ttl);
    } else {
      cells_.dns_failures.Add();
      next = std::min(next, kRetry);
    }
  }
  answered_ = true;
  Publish();
  co_return std::max(next, kShortest);
}

Task<StatusOr<io::DnsAnswer>> DnsLane::ResolveOne(std::string name) {
  StatusOr<io::DnsAnswer> answer = co_await resolver_.Resolve(std::move(name), Wait{kNoDeadline, &life_});
  co_return answer;
}

// A name's weight goes to each of its addresses.
void DnsLane::Publish() {
  auto set = std::make_shared<snapshot::EndpointSet>();
  set->cluster = cluster_;
  set->epoch = epoch_ + 1;
  for (const Name& name : names_) {
    for (const IpAddress& ip : name.addresses) {
      set->endpoints.push_back({.address = ip.ToString(),
                                .port = name.target.port,
                                .weight = name.target.weight,
                                .zone = "",
                                .hostname = name.target.name});
    }
  }
  auto same = [](const snapshot::CompiledEndpoint& a, const snapshot::CompiledEndpoint& b) {
    return a.address == b.address && a.port == b.port && a.weight == b.weight;
  };
  bool changed = endpoints_ == nullptr || !std::equal(set->endpoints.begin(), set->endpoints.end(),
                                                      endpoints_->endpoints.begin(), endpoints_->endpoints.end(), same);
  if (!changed) return;
  ++epoch_;
  endpoints_ = std::move(set);
}

}  // namespace penstock::upstream
