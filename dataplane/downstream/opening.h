#pragma once

#include "dataplane/base/cancellation.h"
#include "dataplane/base/chunk.h"
#include "dataplane/downstream/connection.h"
#include "dataplane/io/reactor/timer.h"

namespace penstock::downstream {

// The first bytes of a connection on which HTTP/2 may begin without having been agreed on: they say what is spoken
// (RFC 9113 3.3 and 3.4), since no request of HTTP/1 begins as the preface of HTTP/2 does. Lives while it waits.
class Opening final : public Session, private io::Timer {
 public:
  // CONNECTION outlives it.
  explicit Opening(Connection& connection);

  // As many bytes as it takes to tell; none if the connection ended or said too little in time.
  Task<Chunk> Read();
  static bool SpeaksHttp2(const Chunk& opening);

  // Whoever has said nothing is not waited for much longer.
  void OnDrain() override;

 private:
  void OnTimer() override { waiting_.Cancel(); }

  Connection& connection_;
  io::Stream& stream_;
  Cancellation waiting_;
};

}  // namespace penstock::downstream
