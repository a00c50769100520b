#pragma once

#include <cstdint>
#include <string_view>

#include "dataplane/base/clock.h"

namespace penstock {

// By what a consumer can be known.
enum class CredentialKind : uint8_t { kApiKey, kToken, kCertificate, kUser, kCount };

// Who somebody is. Views: of the generation that knows him.
struct ConsumerEntry {
  std::string_view name;  // "NAMESPACE/NAME"; "" nobody
  std::string_view plan;  // "" none
};

// Who is who: a part of what one generation says. Immutable; any thread.
class Consumers {
 public:
  virtual ~Consumers() = default;
  // The consumer of a credential that is good NOW: of kApiKey its SHA-256, of kToken issuer + NUL + subject, of
  // kCertificate the certificate's name, of kUser namespace + NUL + the user's name.
  virtual ConsumerEntry Find(CredentialKind kind, std::string_view value, WallTime now) const = 0;
};

}  // namespace penstock
