// Which label sets exist, and the cells behind them.
//
// A generation names listeners, routes and clusters. While it is prepared, off the request path, Registry::Update makes
// the SeriesSet of that generation: cells of names that were there before are shared with the sets before it, so that
// counts survive a swap; new names get new cells for every worker. Cells go away when the last set (or holder) that
// names them goes: what they counted then moves to the series labelled "_retired" of their scope (for routes: of their
// listener, as long as that is named), so that sums over a scope never fall. A worker finds its cells by name in the
// current set: no lock, no allocation.
//
// Cardinality is bounded: beyond Options::max_series label sets of a scope, further names share the cells labelled
// "_other", and penstock_metrics_overflow_names says how many do.
#pragma once

#include <compare>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "dataplane/base/mutex.h"
#include "dataplane/telemetry/stats/cells.h"

namespace penstock::telemetry {

inline constexpr std::string_view kOtherName = "_other";
inline constexpr std::string_view kRetiredName = "_retired";

// Labels of a series. Listener series have only the first part, cluster series only the second.
struct SeriesKey {
  std::string listener;
  std::string name;
  auto operator<=>(const SeriesKey&) const = default;
};

struct SeriesKeyView {
  std::string_view listener;
  std::string_view name;
};

struct SeriesKeyHash {
  using is_transparent = void;
  template <typename Key>
  size_t operator()(const Key& key) const {
    return absl::HashOf(std::string_view(key.listener), std::string_view(key.name));
  }
};

struct SeriesKeyEq {
  using is_transparent = void;
  template <typename A, typename B>
  bool operator()(const A& a, const B& b) const {
    return std::string_view(a.listener) == std::string_view(b.listener) &&
           std::string_view(a.name) == std::string_view(b.name);
  }
};

// The cells of one label set: one instance per worker.
template <typename Cells>
struct Series {
  Series(SeriesKey k, int workers) : key(std::move(k)), per_worker(workers) {}
  const SeriesKey key;
  std::vector<Cells> per_worker;
};

// The series of one scope inside a set.
template <typename Cells>
struct SeriesTable {
  absl::flat_hash_map<SeriesKey, std::shared_ptr<Series<Cells>>, SeriesKeyHash, SeriesKeyEq> by_key;
  std::shared_ptr<Series<Cells>> other;  // never null
  uint64_t overflow = 0;                 // names that are counted under `other`

  Series<Cells>& Find(SeriesKeyView key) const {
    auto found = by_key.find(key);
    return found == by_key.end() ? *other : *found->second;
  }
};

// The cells that one generation names. Immutable but for the cells; shared by all workers. Lookups are safe on any
// thread; the cells of worker W are written by worker W alone. A reference is good while the set (or a Hold) lives.
class SeriesSet {
 public:
  ListenerCells& Listener(int worker, std::string_view listener) const {
    return listeners_.Find({listener, {}}).per_worker[worker];
  }
  // A request without a route counts with route "" (always there for every listener).
  RouteCells& Route(int worker, std::string_view listener, std::string_view route) const {
    return routes_.Find({listener, route}).per_worker[worker];
  }
  ClusterCells& Cluster(int worker, std::string_view cluster) const {
    return clusters_.Find({{}, cluster}).per_worker[worker];
  }

  // For state that outlives a generation (a pool, an open connection, a tunnel): keeps the cells alive by itself. Not
  // on the request path: it copies a shared pointer.
  std::shared_ptr<ListenerCells> HoldListener(int worker, std::string_view listener) const;
  std::shared_ptr<RouteCells> HoldRoute(int worker, std::string_view listener, std::string_view route) const;
  std::shared_ptr<ClusterCells> HoldCluster(int worker, std::string_view cluster) const;

 private:
  friend class Registry;
  SeriesTable<ListenerCells> listeners_;
  SeriesTable<RouteCells> routes_;
  SeriesTable<ClusterCells> clusters_;
};

// What a generation adds or takes away.
struct SeriesNames {
  std::vector<std::string> listeners;
  std::vector<SeriesKey> routes;  // one per attachment of a route to a listener
  std::vector<std::string> clusters;
};

// All cells of the process. Thread-safe; made before the workers and outlives them.
class Registry {
 public:
  struct Options {
    int workers = 1;
    size_t max_series = 2000;          // label sets per scope
    std::vector<std::string> reasons;  // names of WorkerCells::local_replies, at most kMaxReasons
  };

  explicit Registry(Options options);
  Registry(const Registry&) = delete;

  // The set of a new generation: PREVIOUS (null: empty) without `removed`, with `added`. Returns PREVIOUS itself if
  // neither names anything new. Not on a worker's thread.
  std::shared_ptr<const SeriesSet> Update(const std::shared_ptr<const SeriesSet>& previous, const SeriesNames& added,
                                          const SeriesNames& removed);

  int workers() const { return options_.workers; }
  const std::vector<std::string>& reasons() const { return options_.reasons; }
  WorkerCells& worker(int index) { return worker_cells_[index]; }
  const WorkerCells& worker(int index) const { return worker_cells_[index]; }
  ProcessCells& process() { return process_; }
  const ProcessCells& process() const { return process_; }

  // Everything alive, for a scrape.
  struct Alive {
    std::vector<std::shared_ptr<Series<ListenerCells>>> listeners;
    std::vector<std::shared_ptr<Series<RouteCells>>> routes;
    std::vector<std::shared_ptr<Series<ClusterCells>>> clusters;
    uint64_t overflow_listeners = 0;
    uint64_t overflow_routes = 0;
    uint64_t overflow_clusters = 0;
  };
  Alive Collect() const;

 private:
  template <typename Cells>
  using SeriesMap = absl::flat_hash_map<SeriesKey, std::shared_ptr<Series<Cells>>, SeriesKeyHash, SeriesKeyEq>;

  // All series of one kind. Those that nobody but `alive` owns are retired at the next look.
  template <typename Cells>
  struct Scope {
    SeriesMap<Cells> alive;
    SeriesMap<Cells> retired;
  };

  template <typename Cells>
  void UpdateTable(Scope<Cells>& scope, SeriesTable<Cells>& table, std::vector<SeriesKey> added,
                   std::vector<SeriesKey> removed);
  template <typename Cells>
  static std::shared_ptr<Series<Cells>> FindOrMake(SeriesMap<Cells>& map, const SeriesKey& key, int instances);
  template <typename Cells>
  void Retire(Scope<Cells>& scope) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void RetireUnnamed() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const Options options_;
  std::vector<WorkerCells> worker_cells_;
  ProcessCells process_;
  const std::shared_ptr<const SeriesSet> empty_;

  mutable Mutex mutex_;
  // A scrape retires too.
  mutable Scope<ListenerCells> listeners_ ABSL_GUARDED_BY(mutex_);
  mutable Scope<RouteCells> routes_ ABSL_GUARDED_BY(mutex_);
  mutable Scope<ClusterCells> clusters_ ABSL_GUARDED_BY(mutex_);
  std::weak_ptr<const SeriesSet> newest_ ABSL_GUARDED_BY(mutex_);
};

// What one worker counts with. Made per worker, used on its thread only.
class WorkerStats {
 public:
  WorkerStats(Registry& registry, int worker, std::shared_ptr<const SeriesSet> set)
      : worker_(worker), cells_(registry.worker(worker)), set_(std::move(set)) {}

  WorkerCells& cells() { return cells_; }
  ListenerCells& Listener(std::string_view listener) { return set_->Listener(worker_, listener); }
  RouteCells& Route(std::string_view listener, std::string_view route) { return set_->Route(worker_, listener, route); }
  ClusterCells& Cluster(std::string_view cluster) { return set_->Cluster(worker_, cluster); }
  std::shared_ptr<ListenerCells> HoldListener(std::string_view name) { return set_->HoldListener(worker_, name); }
  std::shared_ptr<RouteCells> HoldRoute(std::string_view listener, std::string_view route) {
    return set_->HoldRoute(worker_, listener, route);
  }
  std::shared_ptr<ClusterCells> HoldCluster(std::string_view name) { return set_->HoldCluster(worker_, name); }

  // Takes the set of the generation that is served from now on. The old one is returned: it must live as long as a
  // request that started under it.
  std::shared_ptr<const SeriesSet> Swap(std::shared_ptr<const SeriesSet> set) {
    return std::exchange(set_, std::move(set));
  }

 private:
  const int worker_;
  WorkerCells& cells_;
  std::shared_ptr<const SeriesSet> set_;
};

}  // namespace penstock::telemetry
