#include "dataplane/jose/token.h"

#include <gtest/gtest.h>

#include "dataplane/base/strings.h"
#include "dataplane/jose/base64url.h"

namespace penstock::jose {
namespace {

std::string Compact(std::string_view header, std::string_view claims = R"({"sub":"ann"})",
                    std::string_view signature = "sig") {
  return StrCat(EncodeBase64url(header), ".", EncodeBase64url(claims), ".", EncodeBase64url(signature));
}

std::string ErrorOf(std::string_view compact) { return std::string(ParseToken(compact).status().message()); }
std::string HeaderError(std::string_view header) { return ErrorOf(Compact(header)); }

TEST(Token, IsReadIntoItsParts) {
  std::string compact =
      Compact(R"({"alg":"ES256","kid":"k/1","typ":"JWT","other":[1]})", R"({"sub":"ann","n":{"r":["x"]}})");
  StatusOr<Token> token = ParseToken(compact);
  ASSERT_TRUE(token.ok()) << token.status();
  EXPECT_EQ(token->algorithm, Algorithm::kEs256);
  EXPECT_EQ(token->kid, "k/1");
  EXPECT_EQ(token->typ, "JWT");
  EXPECT_EQ(token->claims.root().Find("sub")->text(), "ann");
  EXPECT_EQ(token->signing_input, compact.substr(0, compact.rfind('.')));
  EXPECT_EQ(token->signature, "sig");
  StatusOr<Token> bare = ParseToken(Compact(R"({"alg":"RS256"})", "{}"));
  ASSERT_TRUE(bare.ok());
  EXPECT_EQ(bare->kid, std::nullopt);
  EXPECT_EQ(bare->typ, "");
}

TEST(Token, NamesItsAlgorithmByteForByte) {
  for (const char* name : {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA",
                           "HS256", "HS384", "HS512"}) {
    StatusOr<Token> token = ParseToken(Compact(StrCat("{\"alg\":\"", name, "\"}")));
    ASSERT_TRUE(token.ok()) << name << token.status();
    EXPECT_EQ(NameOf(token->algorithm), name);
  }
  for (const char* name : {"", "rs256", "RS256 ", " RS256", "RS256\\u0000", "RS1", "RS2566", "ES256K", "eddsa",
                           "Ed25519", "RSA-OAEP", "dir", "A256GCM"}) {
    EXPECT_EQ(HeaderError(StrCat("{\"alg\":\"", name, "\"}")), "token: alg is none that may be used") << name;
  }
  EXPECT_EQ(HeaderError("{}"), "token: no alg");
  for (const char* value : {"null", "1", "true", R"(["RS256"])", R"({"alg":"RS256"})"}) {
    EXPECT_EQ(HeaderError(StrCat("{\"alg\":", value, "}")), "token: alg is not a string") << value;
  }
  EXPECT_EQ(HeaderError(R"({"alg":"RS256","alg":"HS256"})"), "token: header: JSON: a member name twice");
}

// AUT-001, AUT-002; RFC 8725 3.1, 3.2
TEST(Token, IsNotReadIfItSaysNoneInWhateverCase) {
  for (int bits = 0; bits < 16; ++bits) {
    std::string none = "none";
    for (int i = 0; i < 4; ++i) none[i] = (bits >> i & 1) != 0 ? static_cast<char>(none[i] - 32) : none[i];
    for (const std::string& alg : {none, " " + none, none + " ", none + "\\u0000"}) {
      for (const char* signature : {"", "sig"}) {
        EXPECT_EQ(ErrorOf(Compact(StrCat("{\"alg\":\"", alg, "\"}"), R"({"sub":"root"})", signature)),
                  "token: alg is none that may be used")
            << alg;
      }
    }
  }
}

TEST(Token, IsNotReadWithoutASignature) {
  EXPECT_EQ(ErrorOf(Compact(R"({"alg":"HS256"})", "{}", "")), "token: not signed");
  EXPECT_EQ(ErrorOf("e30.e30"), "token: not three parts");
}

TEST(Token, HasExactlyThreeParts) {
  for (const char* text : {"", ".", "a", "a.b", "a.b.c.d", "a.b.c.d.e.f", "......"}) {
    EXPECT_EQ(ErrorOf(text), "token: not three parts") << text;
  }
  EXPECT_EQ(ErrorOf(".."), "token: header: JSON: ends too early");
}

TEST(Token, IsStrictBase64url) {
  std::string good = Compact(R"({"alg":"HS256"})");
  ASSERT_EQ(ErrorOf(good), "");
  EXPECT_EQ(ErrorOf(good + "="), "token: signature: not base64url");
  EXPECT_EQ(ErrorOf(good + "\n"), "token: signature: not base64url");
  EXPECT_EQ(ErrorOf(" " + good), "token: header: not base64url");
  std::size_t dot = good.find('.');
  EXPECT_EQ(ErrorOf(good.substr(0, dot) + "=" + good.substr(dot)), "token: header: not base64url");
  EXPECT_EQ(ErrorOf(good.substr(0, dot) + ".+" + good.substr(dot + 2)), "token: claims: not base64url");
}

TEST(Token, HasObjectsForHeaderAndClaims) {
  for (const char* text : {"[]", "\"alg\"", "1", "null"}) {
    EXPECT_EQ(HeaderError(text), "token: header: not an object") << text;
    EXPECT_EQ(ErrorOf(Compact(R"({"alg":"HS256"})", text)), "token: claims: not an object") << text;
  }
  EXPECT_EQ(ErrorOf(Compact(R"({"alg":"HS256"})", "")), "token: claims: JSON: ends too early");
  EXPECT_EQ(ErrorOf(Compact(R"({"alg":"HS256"})", R"({"sub":"a","sub":"b"})")),
            "token: claims: JSON: a member name twice");
  EXPECT_EQ(ErrorOf(Compact(R"({"alg":"HS256"})", "{\"sub\":\"\xff\"}")), "token: claims: JSON: not UTF-8");
  EXPECT_EQ(ErrorOf(Compact(R"({"alg":"HS256"})", "{} {}")), "token: claims: JSON: something follows the value");
}

TEST(Token, IsAtMost16KiBAnd32Deep) {
  std::string shell = Compact(R"({"alg":"HS256"})", "{}", "");
  std::string fits = shell + std::string((kMaxTokenBytes - shell.size()) / 4 * 4, 'A');
  EXPECT_EQ(ErrorOf(fits), "");
  EXPECT_EQ(ErrorOf(fits + "AAAA"), "token: longer than 16 KiB");
  std::string deep = R"({"a":)" + std::string(32, '[') + std::string(32, ']') + "}";
  EXPECT_EQ(ErrorOf(Compact(R"({"alg":"HS256"})", deep)), "token: claims: JSON: deeper than allowed");
}

// AUT-004: an opaque name, whatever is in it.
TEST(Token, KeepsKidAsAnOpaqueNameOf256Bytes) {
  for (const char* kid : {"../../../dev/null", "x' UNION SELECT 'k'--", "", "$(id)", "http://169.254.169.254/"}) {
    StatusOr<Token> token = ParseToken(Compact(StrCat("{\"alg\":\"HS256\",\"kid\":\"", kid, "\"}")));
    ASSERT_TRUE(token.ok());
    EXPECT_EQ(token->kid, kid);
  }
  auto with_kid = [](std::size_t size) {
    return StrCat("{\"alg\":\"HS256\",\"kid\":\"", std::string(size, 'k'), "\"}");
  };
  EXPECT_EQ(HeaderError(with_kid(256)), "");
  EXPECT_EQ(HeaderError(with_kid(257)), "token: kid is longer than 256 bytes");
  EXPECT_EQ(HeaderError(with_kid(65'536)), "token: longer than 16 KiB");
  for (const char* value : {"1", "null", R"(["k"])", R"({"k":1})"}) {
    EXPECT_EQ(HeaderError(StrCat("{\"alg\":\"HS256\",\"kid\":", value, "}")), "token: kid is not a string") << value;
  }
}

// AUT-005, AUT-006: not even their types are looked at.
TEST(Token, IgnoresKeysThatItBringsAlongOrPointsTo) {
  for (const char* member : {"jku", "x5u", "jwk", "x5c", "x5t", "x5t#S256"}) {
    for (const char* value : {"\"https://evil.test/keys\"", "1", "{\"kty\":\"oct\"}", "[\"MII\"]"}) {
      EXPECT_EQ(HeaderError(StrCat("{\"alg\":\"HS256\",\"", member, "\":", value, "}")), "") << member << value;
    }
  }
}

// AUT-014; RFC 7515 4.1.11, RFC 7797 3, RFC 7519 5.2
TEST(Token, IsRefusedIfItIsEncryptedNestedOrWantsExtensions) {
  EXPECT_EQ(HeaderError(R"({"alg":"HS256","crit":["x"],"x":1})"), "token: the header demands an extension (crit)");
  EXPECT_EQ(HeaderError(R"({"alg":"HS256","crit":[]})"), "token: the header demands an extension (crit)");
  EXPECT_EQ(HeaderError(R"({"alg":"HS256","crit":null})"), "token: the header demands an extension (crit)");
  EXPECT_EQ(HeaderError(R"({"alg":"HS256","b64":false})"), "token: the header demands an extension (b64)");
  EXPECT_EQ(HeaderError(R"({"alg":"HS256","b64":true})"), "token: the header demands an extension (b64)");
  EXPECT_EQ(HeaderError(R"({"alg":"HS256","zip":"DEF"})"), "token: encrypted");
  EXPECT_EQ(HeaderError(R"({"alg":"dir","enc":"A128GCM"})"), "token: encrypted");
  EXPECT_EQ(ErrorOf("eyJhbGciOiJkaXIiLCJlbmMiOiJBMTI4R0NNIn0..AAAA.AAAA.AAAA"), "token: encrypted");
  for (const char* cty : {"JWT", "jwt", "application/jwt", "APPLICATION/JWT"}) {
    EXPECT_EQ(HeaderError(StrCat("{\"alg\":\"HS256\",\"cty\":\"", cty, "\"}")), "token: a token in a token") << cty;
  }
  EXPECT_EQ(HeaderError(R"({"alg":"HS256","cty":["JWT"]})"), "token: cty is not a string");
  EXPECT_EQ(HeaderError(R"({"alg":"HS256","cty":"json"})"), "");
}

TEST(Token, SaysItsTypeInWhateverCase) {
  auto typed = [](std::string_view typ) {
    return *ParseToken(Compact(StrCat("{\"alg\":\"HS256\",\"typ\":\"", typ, "\"}")));
  };
  for (const char* typ : {"at+jwt", "AT+JWT", "application/at+jwt", "Application/AT+jwt"}) {
    EXPECT_TRUE(HasType(typed(typ), "at+jwt")) << typ;
  }
  for (const char* typ : {"", "JWT", "at+jwt ", "x/at+jwt", "application/", "application/application/at+jwt"}) {
    EXPECT_FALSE(HasType(typed(typ), "at+jwt")) << typ;
  }
  EXPECT_EQ(HeaderError(R"({"alg":"HS256","typ":1})"), "token: typ is not a string");
}

}  // namespace
}  // namespace penstock::jose
