#include "dataplane/jose/claims.h"

#include <algorithm>
#include <chrono>

#include "dataplane/base/check.h"

namespace penstock::jose {
namespace {

constexpr double kYear2255 = 9'000'000'000;  // nanoseconds end in 2262
constexpr double kYear10000 = 253'402'300'800;

struct DateTexts {
  std::string_view no_number, impossible;
};

StatusOr<std::optional<WallTime>> ReadDate(JsonValue claims, std::string_view name, const DateTexts& texts) {
  std::optional<JsonValue> claim = claims.Find(name);
  if (!claim.has_value()) return std::optional<WallTime>();
  std::optional<double> seconds = claim->number();
  if (!seconds.has_value()) return absl::InvalidArgumentError(ToAbsl(texts.no_number));
  bool possible = *seconds >= 0 && *seconds < kYear10000;
  if (!possible) return absl::InvalidArgumentError(ToAbsl(texts.impossible));
  if (*seconds >= kYear2255) return std::optional<WallTime>(WallTime::max());
  auto whole = static_cast<std::int64_t>(*seconds);
  auto nanoseconds = static_cast<std::int64_t>((*seconds - static_cast<double>(whole)) * 1e9);
  return std::optional<WallTime>(WallTime(std::chrono::seconds(whole) + Duration(nanoseconds)));
}

bool Names(JsonValue audience, std::span<const std::string> audiences) {
  return std::find(audiences.begin(), audiences.end(), audience.text()) != audiences.end();
}

}  // namespace

StatusOr<Dates> ReadDates(JsonValue claims) {
  Dates dates;
  ASSIGN_OR_RETURN(dates.expires, ReadDate(claims, "exp", {"exp is not a number", "exp is not a date"}));
  ASSIGN_OR_RETURN(dates.not_before, ReadDate(claims, "nbf", {"nbf is not a number", "nbf is not a date"}));
  ASSIGN_OR_RETURN(dates.issued, ReadDate(claims, "iat", {"iat is not a number", "iat is not a date"}));
  return dates;
}

std::string_view TextOf(Fault fault) {
  switch (fault) {
    case Fault::kNone:
      return "";
    case Fault::kExpiryMissing:
      return "the token has no expiry (exp)";
    case Fault::kExpired:
      return "the token has expired";
    case Fault::kNotYetValid:
      return "the token is not yet valid";
    case Fault::kIssuedInFuture:
      return "the token was issued in the future";
    case Fault::kWrongIssuer:
      return "the token is another issuer's";
    case Fault::kWrongAudience:
      return "the token is for another audience";
    case Fault::kBadAudience:
      return "aud is neither a string nor an array of strings";
  }
  return "";
}

Fault CheckDates(const Dates& dates, WallTime now, Duration leeway, Expiry expiry) {
  PENSTOCK_CHECK(leeway >= Duration::zero(), "a leeway is not negative");
  if (!dates.expires.has_value() && expiry == Expiry::kRequired) return Fault::kExpiryMissing;
  // RFC 7519 4.1.4: on or after exp it is no more accepted.
  if (dates.expires.has_value() && now - leeway >= *dates.expires) return Fault::kExpired;
  if (dates.not_before.has_value() && now + leeway < *dates.not_before) return Fault::kNotYetValid;
  if (dates.issued.has_value() && now + leeway < *dates.issued) return Fault::kIssuedInFuture;
  return Fault::kNone;
}

Fault CheckIssuer(JsonValue claims, std::string_view issuer) {
  std::optional<JsonValue> iss = claims.Find("iss");
  bool same = iss.has_value() && iss->string() == issuer;
  return same ? Fault::kNone : Fault::kWrongIssuer;
}

Fault CheckAudience(JsonValue claims, std::span<const std::string> audiences) {
  std::optional<JsonValue> aud = claims.Find("aud");
  if (!aud.has_value()) return audiences.empty() ? Fault::kNone : Fault::kWrongAudience;
  if (aud->string().has_value()) return Names(*aud, audiences) ? Fault::kNone : Fault::kWrongAudience;
  if (!aud->is_array()) return Fault::kBadAudience;
  bool named = false;
  for (JsonValue one : aud->children()) {
    if (!one.string().has_value()) return Fault::kBadAudience;
    named = named || Names(one, audiences);
  }
  return named ? Fault::kNone : Fault::kWrongAudience;
}

}  // namespace penstock::jose
