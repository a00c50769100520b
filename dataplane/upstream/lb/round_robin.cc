#include <algorithm>

#include "dataplane/upstream/lb/balancer.h"

namespace penstock::upstream {
namespace {

// Equal weights: a rotation.
class Rotation final : public Balancer {
 public:
  Rotation(std::vector<std::size_t> members, std::uint64_t start)
      : members_(std::move(members)), next_(members_.empty() ? 0 : start % members_.size()) {}

  std::optional<std::size_t> Pick(std::uint64_t, Skip skip) override {
    for (std::size_t i = 0; i < members_.size(); ++i) {
      std::size_t member = members_[next_];
      next_ = next_ + 1 == members_.size() ? 0 : next_ + 1;
      if (!skip(member)) return member;
    }
    return std::nullopt;
  }

 private:
  const std::vector<std::size_t> members_;
  std::size_t next_;
};

// Different weights: everybody's k-th turn is due at (k + 1/2) / weight of a round; the earliest is next. A heap holds
// the turns.
class EarliestDeadline final : public Balancer {
 public:
  EarliestDeadline(std::span<const std::uint32_t> weights, const std::vector<std::size_t>& members,
                   std::uint64_t start) {
    std::uint64_t total = 0;
    for (std::size_t member : members) {
      turns_.push_back(Turn{0.5 / weights[member], 1.0 / weights[member], member});
      total += weights[member];
    }
    std::make_heap(turns_.begin(), turns_.end(), Later);
    // Begins somewhere in the first round, at most as many steps as there are members twice over.
    std::uint64_t steps = std::min<std::uint64_t>(start % total, 2 * members.size());
    for (std::uint64_t i = 0; i < steps; ++i) TakeNext();
  }

  // A skipped endpoint's turn is used up, so that it does not come in a burst when it is back.
  std::optional<std::size_t> Pick(std::uint64_t, Skip skip) override {
    for (std::size_t i = 0; i < kTriesPerMember * turns_.size(); ++i) {
      std::size_t member = TakeNext();
      if (!skip(member)) return member;
    }
    // Only light ones may be left: any of them.
    for (const Turn& turn : turns_) {
      if (!skip(turn.member)) return turn.member;
    }
    return std::nullopt;
  }

 private:
  static constexpr std::size_t kTriesPerMember = 2;

  struct Turn {
    double due;
    double period;
    std::size_t member;
  };

  // Ties go to the first in order.
  static bool Later(const Turn& a, const Turn& b) { return a.due != b.due ? a.due > b.due : a.member > b.member; }

  std::size_t TakeNext() {
    std::pop_heap(turns_.begin(), turns_.end(), Later);
    Turn& turn = turns_.back();
    std::size_t member = turn.member;
    double now = turn.due;
    turn.due += turn.period;
    std::push_heap(turns_.begin(), turns_.end(), Later);
    if (now > kRebase) Rebase(now);
    return member;
  }

  // Keeps the sums small enough that adding a period never loses precision.
  static constexpr double kRebase = 1024;
  void Rebase(double by) {
    for (Turn& turn : turns_) turn.due -= by;
  }

  std::vector<Turn> turns_;
};

}  // namespace

std::unique_ptr<Balancer> MakeRoundRobin(std::span<const std::uint32_t> weights, std::uint64_t start) {
  std::vector<std::size_t> members;
  bool equal = true;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    if (weights[i] == 0) continue;
    if (!members.empty() && weights[i] != weights[members.front()]) equal = false;
    members.push_back(i);
  }
  if (equal) return std::make_unique<Rotation>(std::move(members), start);
  return std::make_unique<EarliestDeadline>(weights, members, start);
}

}  // namespace penstock::upstream
