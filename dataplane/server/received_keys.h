// Session ticket keys as the control plane sends them.
#pragma once

#include <string_view>
#include <vector>

#include "dataplane/base/clock.h"
#include "dataplane/base/status.h"
#include "dataplane/tls/ticket_keys.h"

namespace penstock::server {

struct ReceivedKeys {
  std::vector<tls::TicketKey> keys;  // as TicketKeys::Install wants them: the first one seals
  WallTime sealing_since;
};

// BYTES of a penstock.xds.v1.TicketKeys. Errors say which key is not one, and nothing of what it holds.
StatusOr<ReceivedKeys> ParseTicketKeys(std::string_view bytes);

}  // namespace penstock::server
