// The keys of session tickets that a fleet uses at one time, and what follows them. Pure but for the randomness of new
// keys.
#pragma once

#include <optional>
#include <string>

#include "absl/time/time.h"
#include "proto/penstock/xds/v1/ticket_keys.pb.h"

namespace penstock::tickets {

// How long a key seals. A ticket is good for two hours, so the key before is known for longer than any of its tickets.
inline constexpr absl::Duration kRotation = absl::Hours(12);

// Random ones: one that seals from NOW on, and the next one.
xds::v1::TicketKeys FirstKeys(absl::Time now);

// The next key of KEYS seals from NOW on. Every data plane has had it since the rotation before, so that none meets a
// ticket of a key that it does not know yet, whoever hears first of this one.
xds::v1::TicketKeys Rotated(const xds::v1::TicketKeys& keys, absl::Time now);

absl::Time SealingSince(const xds::v1::TicketKeys& keys);

// True if the key that seals is too old, or of a future that a clock has been set back from.
bool IsDue(const xds::v1::TicketKeys& keys, absl::Time now);

// As they are stored. nullopt: BYTES are not what ToBytes() made.
std::string ToBytes(const xds::v1::TicketKeys& keys);
std::optional<xds::v1::TicketKeys> FromBytes(const std::string& bytes);

}  // namespace penstock::tickets
