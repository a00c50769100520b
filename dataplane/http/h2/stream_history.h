#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace penstock::http::h2 {

// How the peer's last streams began and ended, for frames that come behind the end: the protocol library forgets a
// stream at once, but what RFC 9113 5.1 and 6.1 ask for depends on who ended it. A value.
class StreamHistory {
 public:
  // At most so many are remembered, and at least half: more than a peer has under way before it knows of a reset.
  static constexpr size_t kMost = 256;

  enum class Past : uint8_t {
    kNone,     // it may begin now, or was forgotten
    kSkipped,  // a later one began instead (RFC 9113 5.1.1)
    kEnded,    // and the peer knows it, or has ended it
    kReset,    // by us: the peer may not know yet
  };

  // No effect if a later one has begun.
  void OnBegin(int32_t id) {
    if (!streams_.empty() && streams_.back().id >= id) return;
    if (streams_.size() == kMost) {
      streams_.erase(streams_.begin(), streams_.begin() + kMost / 2);
      forgotten_ = true;
    }
    streams_.push_back({id, false});
  }
  void OnReset(int32_t id) {
    OnBegin(id);
    size_t at = Find(id);
    if (at < streams_.size() && streams_[at].id == id) streams_[at].reset = true;
  }

  // REQUIRES: the stream is not open.
  Past Of(int32_t id) const {
    size_t at = Find(id);
    if (at == streams_.size()) return Past::kNone;
    if (streams_[at].id != id) return at == 0 && forgotten_ ? Past::kNone : Past::kSkipped;
    return streams_[at].reset ? Past::kReset : Past::kEnded;
  }

 private:
  struct Stream {
    int32_t id;
    bool reset;
  };

  // The first one that is not before ID, as an index.
  size_t Find(int32_t id) const {
    auto at =
        std::lower_bound(streams_.begin(), streams_.end(), id, [](const Stream& s, int32_t i) { return s.id < i; });
    return static_cast<size_t>(at - streams_.begin());
  }

  std::vector<Stream> streams_;  // in order
  bool forgotten_ = false;       // some that were before these
};

}  // namespace penstock::http::h2
