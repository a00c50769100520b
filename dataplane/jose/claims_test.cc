#include "dataplane/jose/claims.h"

#include <gtest/gtest.h>

#include <vector>

namespace penstock::jose {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Duration kLeeway = seconds(30);

Json Claims(std::string_view text) { return *Json::Parse(text); }
WallTime At(double since_1970) {
  return WallTime(std::chrono::duration_cast<Duration>(std::chrono::duration<double>(since_1970)));
}

Dates DatesOf(std::string_view text) {
  Json claims = Claims(text);
  StatusOr<Dates> dates = ReadDates(claims.root());
  EXPECT_TRUE(dates.ok()) << text << ": " << dates.status();
  return dates.ok() ? *dates : Dates();
}

std::string DateError(std::string_view text) {
  Json claims = Claims(text);
  return std::string(ReadDates(claims.root()).status().message());
}

Fault DatesAt(std::string_view claims, double now, Expiry expiry = Expiry::kRequired) {
  return CheckDates(DatesOf(claims), At(now), kLeeway, expiry);
}

Fault Audience(std::string_view claims, const std::vector<std::string>& audiences) {
  Json json = Claims(claims);
  return CheckAudience(json.root(), audiences);
}

TEST(Claims, ReadDatesAsIntegersAndFractions) {
  Dates dates = DatesOf(R"({"exp":1300819380,"nbf":1300819380.25,"iat":1.3e9})");
  EXPECT_EQ(dates.expires, WallTime(seconds(1300819380)));
  EXPECT_EQ(dates.not_before, WallTime(seconds(1300819380) + milliseconds(250)));
  EXPECT_EQ(dates.issued, WallTime(seconds(1300000000)));
  EXPECT_EQ(DatesOf("{}").expires, std::nullopt);
}

TEST(Claims, TakeDatesThatAreFarAwayForNever) {
  for (const char* never : {R"({"exp":9999999999})", R"({"exp":253402300799})"}) {
    EXPECT_EQ(DatesOf(never).expires, WallTime::max());
    EXPECT_EQ(DatesAt(never, 4e9), Fault::kNone);
  }
  EXPECT_EQ(DatesAt(R"({"exp":9999999999,"nbf":9999999999})", 4e9), Fault::kNotYetValid);
}

TEST(Claims, RefuseDatesThatAreNone) {
  EXPECT_EQ(DateError(R"({"exp":"1300819380"})"), "exp is not a number");
  EXPECT_EQ(DateError(R"({"nbf":null})"), "nbf is not a number");
  EXPECT_EQ(DateError(R"({"iat":true})"), "iat is not a number");
  EXPECT_EQ(DateError(R"({"exp":[1300819380]})"), "exp is not a number");
  EXPECT_EQ(DateError(R"({"exp":-1})"), "exp is not a date");
  EXPECT_EQ(DateError(R"({"nbf":-0.5})"), "nbf is not a date");
  EXPECT_EQ(DateError(R"({"exp":1300819380000})"), "exp is not a date") << "milliseconds";
  EXPECT_EQ(DateError(R"({"exp":1e300})"), "exp is not a date");
  EXPECT_EQ(DateError(R"({"exp":99999999999999999999})"), "exp is not a date");
}

TEST(Claims, ExpireAfterTheLeeway) {
  EXPECT_EQ(DatesAt(R"({"exp":1000})", 1029.9), Fault::kNone);
  EXPECT_EQ(DatesAt(R"({"exp":1000})", 1030), Fault::kExpired);
  EXPECT_EQ(DatesAt(R"({"exp":0})", 1030), Fault::kExpired);
  EXPECT_EQ(DatesAt(R"({"exp":1000.5})", 1030.4), Fault::kNone);
}

TEST(Claims, MustSayWhenTheyExpireIfThatIsAsked) {
  EXPECT_EQ(DatesAt("{}", 1000), Fault::kExpiryMissing);
  EXPECT_EQ(DatesAt("{}", 1000, Expiry::kOptional), Fault::kNone);
  EXPECT_EQ(DatesAt(R"({"exp":1})", 1000, Expiry::kOptional), Fault::kExpired);
}

TEST(Claims, BeginWithTheLeewayBefore) {
  EXPECT_EQ(DatesAt(R"({"exp":9000,"nbf":1030})", 1000), Fault::kNone);
  EXPECT_EQ(DatesAt(R"({"exp":9000,"nbf":1030.5})", 1000), Fault::kNotYetValid);
  EXPECT_EQ(DatesAt(R"({"exp":9000,"iat":1030})", 1000), Fault::kNone);
  EXPECT_EQ(DatesAt(R"({"exp":9000,"iat":1031})", 1000), Fault::kIssuedInFuture);
}

TEST(Claims, NameTheIssuerByteForByte) {
  const std::string kIssuer = "https://a.test/";
  for (const char* other :
       {"{}", R"({"iss":"https://a.test"})", R"({"iss":"https://A.test/"})", R"({"iss":["https://a.test/"]})",
        R"({"iss":"https://a.test/\u0000"})", R"({"iss":null})"}) {
    EXPECT_EQ(CheckIssuer(Claims(other).root(), kIssuer), Fault::kWrongIssuer) << other;
  }
  EXPECT_EQ(CheckIssuer(Claims(R"({"iss":"https:\/\/a.test\/"})").root(), kIssuer), Fault::kNone);
}

TEST(Claims, NameTheAudienceAsStringOrArray) {
  EXPECT_EQ(Audience(R"({"aud":"b"})", {"a", "b"}), Fault::kNone);
  EXPECT_EQ(Audience(R"({"aud":["x","a"]})", {"a", "b"}), Fault::kNone);
  EXPECT_EQ(Audience(R"({"aud":"B"})", {"a", "b"}), Fault::kWrongAudience);
  EXPECT_EQ(Audience(R"({"aud":["x"]})", {"a"}), Fault::kWrongAudience);
  EXPECT_EQ(Audience(R"({"aud":[]})", {"a"}), Fault::kWrongAudience);
  EXPECT_EQ(Audience("{}", {"a"}), Fault::kWrongAudience);
  EXPECT_EQ(Audience(R"({"aud":{"a":"a"}})", {"a"}), Fault::kBadAudience);
  EXPECT_EQ(Audience(R"({"aud":["a",1]})", {"a", "1"}), Fault::kBadAudience);
  EXPECT_EQ(Audience(R"({"aud":1})", {"1"}), Fault::kBadAudience);
}

TEST(Claims, ForSomebodyAreNotForWhoHasNoName) {
  EXPECT_EQ(Audience("{}", {}), Fault::kNone);
  EXPECT_EQ(Audience(R"({"aud":"a"})", {}), Fault::kWrongAudience);
}

TEST(Claims, EveryFaultHasAText) {
  for (Fault fault : {Fault::kExpiryMissing, Fault::kExpired, Fault::kNotYetValid, Fault::kIssuedInFuture,
                      Fault::kWrongIssuer, Fault::kWrongAudience, Fault::kBadAudience}) {
    EXPECT_FALSE(TextOf(fault).empty());
  }
  EXPECT_EQ(TextOf(Fault::kNone), "");
}

}  // namespace
}  // namespace penstock::jose
