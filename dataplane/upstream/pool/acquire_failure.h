#pragma once

#include <cstdint>

namespace penstock::upstream {

// Why a try got no connection.
enum class AcquireFailure : std::uint8_t {
  kNone,
  kOverloaded,      // too many wait for a connection's place already
  kNoTurn,          // waited for a place until the caller's deadline
  kConnectFailed,   // refused, unreachable, or no descriptor or port on this side
  kConnectTimeout,  // the connect timeout
  kTlsFailed,       // the handshake; EndpointPool::why says more
  kWaitOver,        // the caller's deadline or cancellation
};

}  // namespace penstock::upstream
