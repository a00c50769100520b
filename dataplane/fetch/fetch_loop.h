#pragma once

#include <cstdint>
#include <map>
#include <memory>

#include "dataplane/base/cancellation.h"
#include "dataplane/base/task.h"
#include "dataplane/fetch/get.h"
#include "dataplane/fetch/web_document.h"
#include "dataplane/io/dns/resolver.h"
#include "dataplane/io/reactor/reactor.h"
#include "dataplane/telemetry/log/log.h"
#include "dataplane/telemetry/stats/cells.h"

namespace penstock::fetch {

// How often documents are fetched.
struct Pace {
  Duration timeout = std::chrono::seconds(5);  // of one fetch, all in all
  // Between the beginnings of two fetches of a document at least, and after the first failure; doubled with every
  // further one.
  Duration gap = std::chrono::seconds(1);
  Duration longest_gap = std::chrono::seconds(60);  // after a failure
};

// Fetches documents, each by a task of its own. One thread, the reactor's.
class FetchLoop {
 public:
  // RESOLVER is on REACTOR. Both outlive it; LOG and CELLS, too, which may be null.
  FetchLoop(io::Reactor& reactor, io::Resolver& resolver, const Pace& pace, telemetry::Log* log,
            telemetry::ProcessCells* cells);
  FetchLoop(const FetchLoop&) = delete;
  // REQUIRES: idle().
  ~FetchLoop();

  // Fetches SOURCE at once, and again and again, until Forget(ID) or Stop(). REFRESH: from a success to the next fetch,
  // give or take a tenth.
  void Follow(std::uint64_t id, Source source, Duration refresh, std::weak_ptr<WebDocument> document);
  // As soon as the pace allows it. No document of that ID: nothing, here and in the next one.
  void Renew(std::uint64_t id);
  void Forget(std::uint64_t id);
  // For good.
  void Stop() { life_.Cancel(); }
  bool stopped() const { return life_.cancelled(); }

  // How many documents are followed.
  size_t documents() const { return lanes_.size(); }
  bool idle() const { return lanes_.empty(); }

 private:
  struct Lane;

  Task<void> Run(Lane& lane);
  Duration Settle(Lane& lane, StatusOr<std::string> content);
  Duration AfterFailure(Lane& lane);
  Duration Spread(Duration duration);
  Task<void> Rest(Lane& lane, TimePoint begun, Duration pause);

  io::Reactor& reactor_;
  io::Resolver& resolver_;
  const Pace pace_;
  telemetry::Log* const log_;
  telemetry::ProcessCells* const cells_;
  Cancellation life_;
  std::map<std::uint64_t, std::unique_ptr<Lane>> lanes_;
};

}  // namespace penstock::fetch
