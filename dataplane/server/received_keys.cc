#include "dataplane/server/received_keys.h"

#include <algorithm>
#include <string>

#include "dataplane/base/strings.h"
#include "proto/penstock/xds/v1/ticket_keys.pb.h"

namespace penstock::server {
namespace {

constexpr int64_t kYear2200Ms = 7'258'118'400'000;  // what comes later may not fit into nanoseconds

template <size_t N>
bool Copy(const std::string& from, std::array<uint8_t, N>& to) {
  if (from.size() != N) return false;
  std::copy(from.begin(), from.end(), to.begin());
  return true;
}

StatusOr<tls::TicketKey> ToKey(std::string_view which, const xds::v1::TicketKeys::Key& from) {
  tls::TicketKey key;
  bool complete = Copy(from.name(), key.name) && Copy(from.cipher(), key.cipher) && Copy(from.mac(), key.mac);
  if (!complete) return absl::InvalidArgumentError(StrCat("the ", which, " key has parts of a wrong size"));
  return key;
}

}  // namespace

StatusOr<ReceivedKeys> ParseTicketKeys(std::string_view bytes) {
  xds::v1::TicketKeys message;
  if (!message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return absl::InvalidArgumentError("the bytes are no message of this type");
  }
  bool dated = message.sealing_since_unix_ms() > 0 && message.sealing_since_unix_ms() < kYear2200Ms;
  if (!dated) return absl::InvalidArgumentError("the keys do not say since when they are used");
  ReceivedKeys received;
  received.sealing_since = WallTime(std::chrono::milliseconds(message.sealing_since_unix_ms()));
  ASSIGN_OR_RETURN(tls::TicketKey current, ToKey("current", message.current()));
  ASSIGN_OR_RETURN(tls::TicketKey next, ToKey("next", message.next()));
  received.keys = {current, next};
  if (!message.has_previous()) return received;
  ASSIGN_OR_RETURN(tls::TicketKey previous, ToKey("previous", message.previous()));
  received.keys.push_back(previous);
  return received;
}

}  // namespace penstock::server
