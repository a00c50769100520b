#include "controlplane/tickets/key_set.h"

#include "dataplane/tls/ticket_keys.h"

namespace penstock::tickets {
namespace {

using xds::v1::TicketKeys;

// A clock that is corrected by less than this makes no key old.
constexpr absl::Duration kClockSlack = absl::Hours(1);

void MakeKey(TicketKeys::Key& key) {
  const tls::TicketKey random = tls::TicketKey::Random();
  key.set_name(random.name.data(), random.name.size());
  key.set_cipher(random.cipher.data(), random.cipher.size());
  key.set_mac(random.mac.data(), random.mac.size());
}

bool IsKey(const TicketKeys::Key& key) {
  constexpr tls::TicketKey* kNone = nullptr;
  return key.name().size() == sizeof(kNone->name) && key.cipher().size() == sizeof(kNone->cipher) &&
         key.mac().size() == sizeof(kNone->mac);
}

}  // namespace

TicketKeys FirstKeys(absl::Time now) {
  TicketKeys keys;
  MakeKey(*keys.mutable_current());
  MakeKey(*keys.mutable_next());
  keys.set_sealing_since_unix_ms(absl::ToUnixMillis(now));
  return keys;
}

TicketKeys Rotated(const TicketKeys& keys, absl::Time now) {
  TicketKeys next;
  *next.mutable_previous() = keys.current();
  *next.mutable_current() = keys.next();
  MakeKey(*next.mutable_next());
  next.set_sealing_since_unix_ms(absl::ToUnixMillis(now));
  return next;
}

absl::Time SealingSince(const TicketKeys& keys) { return absl::FromUnixMillis(keys.sealing_since_unix_ms()); }

bool IsDue(const TicketKeys& keys, absl::Time now) {
  const absl::Duration age = now - SealingSince(keys);
  return age >= kRotation || age < -kClockSlack;
}

std::string ToBytes(const TicketKeys& keys) { return keys.SerializeAsString(); }

std::optional<TicketKeys> FromBytes(const std::string& bytes) {
  TicketKeys keys;
  if (!keys.ParseFromString(bytes) || !IsKey(keys.current()) || !IsKey(keys.next())) return std::nullopt;
  if (keys.has_previous() && !IsKey(keys.previous())) return std::nullopt;
  return keys;
}

}  // namespace penstock::tickets
