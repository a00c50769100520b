#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "dataplane/base/clock.h"
#include "dataplane/base/status.h"
#include "dataplane/jose/json.h"

// The registered claims (RFC 7519 4.1), each by itself. Pure: time is an argument.
namespace penstock::jose {

// Read once, so that a token that is kept can be asked again and again. A date after 2255 is WallTime::max().
struct Dates {
  std::optional<WallTime> expires;     // exp
  std::optional<WallTime> not_before;  // nbf
  std::optional<WallTime> issued;      // iat
};

// Seconds since 1970, with or without a fraction. kInvalidArgument with a static text if one of them is no number,
// negative, or after the year 9999 (somebody counts in milliseconds).
StatusOr<Dates> ReadDates(JsonValue claims);

// What is wrong with a token's claims.
enum class Fault : std::uint8_t {
  kNone,
  kExpiryMissing,
  kExpired,
  kNotYetValid,
  kIssuedInFuture,
  kWrongIssuer,
  kWrongAudience,
  kBadAudience,
};

// For logs: "the token has expired". Static; of kNone empty.
std::string_view TextOf(Fault fault);

enum class Expiry : std::uint8_t { kRequired, kOptional };

// LEEWAY: by how much the clocks of issuer and proxy may differ. REQUIRES: LEEWAY >= 0.
Fault CheckDates(const Dates& dates, WallTime now, Duration leeway, Expiry expiry);

// `iss` is ISSUER, byte for byte.
Fault CheckIssuer(JsonValue claims, std::string_view issuer);

// `aud`, a string or an array of strings, names one of AUDIENCES. If those are none, only a token for nobody in
// particular passes: one without `aud` (RFC 7519 4.1.3).
Fault CheckAudience(JsonValue claims, std::span<const std::string> audiences);

}  // namespace penstock::jose
