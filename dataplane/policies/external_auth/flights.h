#pragma once

#include <cstddef>
#include <optional>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "dataplane/base/status.h"
#include "dataplane/io/reactor/reactor.h"
#include "dataplane/policies/external_auth/answer_cache.h"

namespace penstock::policies {

// What became of a question that several had.
struct Landed {
  // Null: the answer is for nobody but who asked, so everybody else asks for himself.
  AnswerRef answer = {};
  Status failure = absl::OkStatus();  // the service's, not that of who asked it
};

// A question that is being asked: one of those who have it asks, the others wait for what comes of it.
struct Flight {
  bool led = false;              // somebody asks
  std::optional<Landed> landed;  // it is over
  io::WaitQueue waiting;
  size_t seats = 0;
};

// The questions of one worker that are being asked. Worker's thread; all seats are gone when it is destroyed.
class Flights {
 public:
  // Somebody's place in the flight of a question; the first takes off. Whoever leads and leaves without having landed
  // hands over to the next one who waits: that he gave up (his client left, his time was over) says nothing of the
  // question.
  class Seat {
   public:
    Seat(Flights& flights, const QuestionKey& key);
    Seat(const Seat&) = delete;
    ~Seat();

    // Is it this one's to ask? Then nobody else does, until it lands or leaves.
    bool TakeLead();
    bool leads() const { return leads_; }
    // What came of it, or null. Views live as long as the seat.
    const Landed* landed() const { return flight_.landed.has_value() ? &*flight_.landed : nullptr; }
    // Until something changes: it has landed, or nobody leads. REQUIRES: not leading.
    Task<Status> Wait(io::Reactor& reactor, penstock::Wait wait);
    // For all who wait; who comes later takes off anew. REQUIRES: leading.
    void Land(Landed landed);

   private:
    Flights& flights_;
    const QuestionKey key_;
    Flight& flight_;
    bool leads_ = false;
  };

  size_t size() const { return flights_.size(); }

 private:
  absl::flat_hash_map<QuestionKey, Flight*, KeyHash> flights_;  // those that have not landed
};

}  // namespace penstock::policies
