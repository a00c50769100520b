#include "dataplane/downstream/handshakes.h"

namespace penstock::downstream {

Handshakes::Turn::Turn(Handshakes& all, Cancellation* life) : all_(all), cancellation_(life) { all_.Enter(*this); }

Handshakes::Turn::~Turn() {
  if (!displaced_) all_.Leave(*this);
}

void Handshakes::Enter(Turn& turn) {
  turns_.PushBack(turn);
  if (++under_way_ <= most_) return;
  Turn& oldest = turns_.front();
  oldest.displaced_ = true;
  Leave(oldest);
  oldest.cancellation_.Cancel();
}

void Handshakes::Leave(Turn& turn) {
  turn.Unlink();
  --under_way_;
}

}  // namespace penstock::downstream
