#include "dataplane/policies/external_auth/flights.h"

namespace penstock::policies {
namespace {

Flight& Board(Flight*& place) {
  if (place == nullptr) place = new Flight;
  ++place->seats;
  return *place;
}

}  // namespace

Flights::Seat::Seat(Flights& flights, const QuestionKey& key)
    : flights_(flights), key_(key), flight_(Board(flights.flights_[key])) {}

Flights::Seat::~Seat() {
  if (leads_ && !flight_.landed.has_value()) {
    flight_.led = false;
    flight_.waiting.WakeOne();
  }
  if (--flight_.seats > 0) return;
  if (!flight_.landed.has_value()) flights_.flights_.erase(key_);
  delete &flight_;
}

bool Flights::Seat::TakeLead() {
  if (flight_.led || flight_.landed.has_value()) return leads_;
  return flight_.led = leads_ = true;
}

Task<Status> Flights::Seat::Wait(io::Reactor& reactor, penstock::Wait wait) {
  io::Waiter waiter(reactor, flight_.waiting, wait);
  io::Woke woke = co_await waiter;
  co_return io::ToStatus(woke, "the answer that another request asked for");
}

void Flights::Seat::Land(Landed landed) {
  flight_.landed = std::move(landed);
  flights_.flights_.erase(key_);
  flight_.waiting.WakeAll();
}

}  // namespace penstock::policies
