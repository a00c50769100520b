#pragma once

#include <cstdint>
#include <string_view>

#include "dataplane/exchange/exchange.h"

namespace penstock::policies {

enum class Known : uint8_t { kNobody, kConsumer, kAnother };

// Notes in X whose credential VALUE (see Consumers::Find) is. kAnother: X has proven before that it is of another
// Consumer, who stays: or a second credential would be a way out of a rule against the first one's owner.
inline Known NoteConsumer(CredentialKind kind, std::string_view value, Exchange& x) {
  if (x.consumers == nullptr) return Known::kNobody;
  ConsumerEntry consumer = x.consumers->Find(kind, value, x.time.wall);
  if (consumer.name.empty()) return Known::kNobody;
  if (!x.identity.consumer.empty()) return consumer.name == x.identity.consumer ? Known::kConsumer : Known::kAnother;
  // The generation may be gone before the exchange is.
  x.identity.consumer = x.arena.Copy(consumer.name);
  x.identity.plan = x.arena.Copy(consumer.plan);
  return Known::kConsumer;
}

inline constexpr std::string_view kAnotherConsumer = "it is of another Consumer than what was proven before";

}  // namespace penstock::policies
