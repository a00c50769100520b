// A token that is read consists of what was sent: its parts written again are the same bytes, and its claims are JSON
// that reads as themselves. A refusal says why in one of a few fixed texts.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "dataplane/base/strings.h"
#include "dataplane/jose/base64url.h"
#include "dataplane/jose/claims.h"
#include "dataplane/jose/token.h"

namespace penstock::jose {
namespace {

void Require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "%s\n", what);
  std::abort();
}

void CheckRefusal(const Status& status) {
  std::string_view why = ToStd(status.message());
  Require(why.starts_with("token: "), "a refusal says why");
  Require(why.size() < 80, "a refusal is a short text");
}

void CheckClaims(JsonValue claims) {
  StatusOr<Json> again = Json::Parse(claims.text());
  Require(again.ok() && again->root().text() == claims.text(), "claims read as themselves");
  for (JsonValue claim : claims.children()) {
    Require(claims.Find(claim.name())->text() == claim.text(), "every claim is found by its name");
  }
  StatusOr<Dates> dates = ReadDates(claims);
  if (dates.ok()) CheckDates(*dates, WallTime(), std::chrono::seconds(60), Expiry::kRequired);
  std::string audiences[] = {"a"};
  CheckAudience(claims, audiences);
  CheckIssuer(claims, "a");
  claims.FindPath("a.b.c");
}

}  // namespace
}  // namespace penstock::jose

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace penstock;
  using namespace penstock::jose;
  std::string_view input(reinterpret_cast<const char*>(data), size);
  StatusOr<Token> token = ParseToken(input);
  // Most inputs of a fuzzer are no base64url: it may also write header and claims themselves, with a line feed between.
  if (!token.ok() && input.find('\n') != input.npos) {
    std::size_t end = input.find('\n');
    std::string encoded =
        StrCat(EncodeBase64url(input.substr(0, end)), ".", EncodeBase64url(input.substr(end + 1)), ".c2ln");
    token = ParseToken(encoded);
    Require(!token.ok() || token->signing_input + ".c2ln" == encoded, "the signing input is what was sent");
  } else if (token.ok()) {
    Require(token->signing_input + "." + EncodeBase64url(token->signature) == input, "a token has one spelling");
  }
  if (!token.ok()) {
    CheckRefusal(token.status());
    return 0;
  }
  Require(!token->signature.empty() && token->kid.value_or("").size() <= kMaxKidBytes, "a token is within its limits");
  CheckClaims(token->claims.root());
  return 0;
}
