#pragma once

#include <cstdint>

#include "dataplane/base/cancellation.h"
#include "dataplane/base/task.h"
#include "dataplane/io/net/stream.h"

namespace penstock::downstream {

// Ends our side first and reads on until the peer ends, too, or MOST bytes have come, or the wait is over: closing with
// unread bytes would reset the connection, and the peer might lose what it has not read yet (RFC 9112 9.6).
Task<void> Linger(io::Stream& stream, uint64_t most, Wait wait);

}  // namespace penstock::downstream
