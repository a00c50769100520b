#include "dataplane/jose/key_set.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dataplane/base/strings.h"
#include "dataplane/jose/base64url.h"
#include "dataplane/jose/testing.h"

namespace penstock::jose {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::JwksOf;
using ::testing::Not;
using testing::SigningKey;

const AlgorithmSet kRsa = {Algorithm::kRs256, Algorithm::kRs384, Algorithm::kRs512,
                           Algorithm::kPs256, Algorithm::kPs384, Algorithm::kPs512};

// The first key of the set, or why it has none.
StatusOr<Key> Only(const std::string& jwk) {
  ASSIGN_OR_RETURN(KeySet set, KeySet::Parse(JwksOf({jwk})));
  return set.keys().front();
}

std::string ErrorOf(const std::string& jwk) {
  StatusOr<Key> key = Only(jwk);
  return key.ok() ? "" : std::string(key.status().message());
}

std::string Sized(std::size_t bytes, char first = '\xc1') {
  return EncodeBase64url(std::string(1, first) + std::string(bytes - 2, '\x5a') + '\x01');
}
std::string RsaJwk(std::string_view n, std::string_view e) {
  return StrCat("{\"kty\":\"RSA\",\"n\":\"", n, "\",\"e\":\"", e, "\"}");
}
std::string SecretJwk(std::size_t bytes, std::string_view extra = "") {
  return SigningKey::Secret(std::string(bytes, 's')).Jwk(extra);
}

TEST(KeySet, GivesEachKeyTheAlgorithmsOfItsType) {
  EXPECT_EQ(Only(SigningKey::For(Algorithm::kRs256).Jwk())->algorithms(), kRsa);
  EXPECT_EQ(Only(SigningKey::Ec("P-256").Jwk())->algorithms(), AlgorithmSet{Algorithm::kEs256});
  EXPECT_EQ(Only(SigningKey::Ec("P-384").Jwk())->algorithms(), AlgorithmSet{Algorithm::kEs384});
  EXPECT_EQ(Only(SigningKey::Ec("P-521").Jwk())->algorithms(), AlgorithmSet{Algorithm::kEs512});
  EXPECT_EQ(Only(SigningKey::Ed25519().Jwk())->algorithms(), AlgorithmSet{Algorithm::kEdDsa});
  EXPECT_EQ(Only(SecretJwk(32))->algorithms(), AlgorithmSet{Algorithm::kHs256});
  EXPECT_EQ(Only(SecretJwk(48))->algorithms(), (AlgorithmSet{Algorithm::kHs256, Algorithm::kHs384}));
  EXPECT_EQ(Only(SecretJwk(64))->algorithms(), (AlgorithmSet{Algorithm::kHs256, Algorithm::kHs384, Algorithm::kHs512}));
}

TEST(KeySet, DescribesKeysWithoutTheirNumbers) {
  EXPECT_EQ(Only(SigningKey::For(Algorithm::kRs256).Jwk())->Describe(), "RSA 2048");
  EXPECT_EQ(Only(SigningKey::Ec("P-521").Jwk())->Describe(), "EC P-521");
  EXPECT_EQ(Only(SigningKey::Ed25519().Jwk())->Describe(), "OKP Ed25519");
  EXPECT_EQ(Only(SecretJwk(32))->Describe(), "oct");
}

TEST(KeySet, KeepsAKeyToTheAlgorithmThatItSays) {
  EXPECT_EQ(Only(SigningKey::For(Algorithm::kRs256).Jwk(R"("alg":"PS384")"))->algorithms(),
            AlgorithmSet{Algorithm::kPs384});
  EXPECT_EQ(Only(SecretJwk(64, R"("alg":"HS256")"))->algorithms(), AlgorithmSet{Algorithm::kHs256});
  EXPECT_THAT(ErrorOf(SigningKey::For(Algorithm::kRs256).Jwk(R"("alg":"HS256")")), HasSubstr("alg does not fit"));
  EXPECT_THAT(ErrorOf(SigningKey::Ec("P-256").Jwk(R"("alg":"ES384")")), HasSubstr("alg does not fit"));
  EXPECT_THAT(ErrorOf(SecretJwk(32, R"("alg":"HS512")")), HasSubstr("alg does not fit"));
  for (const char* alg : {R"("RSA-OAEP")", R"("none")", R"("rs256")", "1", "null"}) {
    EXPECT_THAT(ErrorOf(SigningKey::For(Algorithm::kRs256).Jwk(StrCat("\"alg\":", alg))), HasSubstr("alg is none"));
  }
}

TEST(KeySet, LeavesOutKeysForOtherUses) {
  SigningKey key = SigningKey::Ec("P-256");
  EXPECT_EQ(ErrorOf(key.Jwk(R"("use":"sig","key_ops":["sign","verify"])")), "");
  for (const char* use : {R"("enc")", R"("SIG")", "1", "null"}) {
    EXPECT_THAT(ErrorOf(key.Jwk(StrCat("\"use\":", use))), HasSubstr("not for signatures (use)")) << use;
  }
  for (const char* operations : {R"(["sign"])", "[]", R"("verify")", "[1]", "null", R"({"a":"verifi"})"}) {
    EXPECT_THAT(ErrorOf(key.Jwk(StrCat("\"key_ops\":", operations))), HasSubstr("(key_ops)")) << operations;
  }
}

TEST(KeySet, LeavesOutKindsThatItDoesNotKnow) {
  EXPECT_THAT(ErrorOf(R"({"kty":"AKP","alg":"ML-DSA-44"})"), HasSubstr("an unknown type (kty)"));
  EXPECT_THAT(ErrorOf(R"({"kty":"rsa"})"), HasSubstr("an unknown type (kty)"));
  EXPECT_THAT(ErrorOf(R"({"kty":1})"), HasSubstr("kty is missing"));
  EXPECT_THAT(ErrorOf("{}"), HasSubstr("kty is missing"));
  EXPECT_THAT(ErrorOf("[]"), HasSubstr("not an object"));
  EXPECT_THAT(ErrorOf("\"kty\""), HasSubstr("not an object"));
  EXPECT_THAT(ErrorOf(R"({"kty":"OKP","crv":"Ed448","x":"AAAA"})"), HasSubstr("an unknown curve"));
  EXPECT_THAT(ErrorOf(R"({"kty":"OKP","crv":"X25519","x":"AAAA"})"), HasSubstr("an unknown curve"));
  EXPECT_THAT(ErrorOf(R"({"kty":"EC","crv":"secp256k1","x":"AAAA","y":"AAAA"})"), HasSubstr("an unknown curve"));
  EXPECT_THAT(ErrorOf(R"({"kty":"EC","x":"AAAA","y":"AAAA"})"), HasSubstr("an unknown curve"));
}

TEST(KeySet, TakesRsaKeysFrom2048To8192Bits) {
  EXPECT_EQ(Only(RsaJwk(Sized(256), "AQAB"))->Describe(), "RSA 2048");
  EXPECT_EQ(Only(RsaJwk(Sized(1024), "AQAB"))->Describe(), "RSA 8192");
  EXPECT_THAT(ErrorOf(SigningKey::Rsa(1024).Jwk()), HasSubstr("less than 2048 bits"));
  EXPECT_THAT(ErrorOf(RsaJwk(Sized(256, '\x7f'), "AQAB")), HasSubstr("less than 2048 bits"));
  EXPECT_THAT(ErrorOf(RsaJwk(Sized(256, '\0'), "AQAB")), HasSubstr("less than 2048 bits")) << "zeros do not count";
  EXPECT_THAT(ErrorOf(RsaJwk(Sized(1025), "AQAB")), HasSubstr("more than 8192 bits"));
  EXPECT_THAT(ErrorOf(RsaJwk(Sized(100'000), "AQAB")), HasSubstr("more than 8192 bits"));
  EXPECT_THAT(ErrorOf(RsaJwk(EncodeBase64url(std::string(256, '\xfe')), "AQAB")), HasSubstr("even"));
  EXPECT_THAT(ErrorOf(RsaJwk("", "AQAB")), HasSubstr("less than 2048 bits"));
}

TEST(KeySet, TakesSaneRsaExponents) {
  for (std::string_view good :
       {std::string_view("\3"), std::string_view("\0\1\0\1", 4), std::string_view("\xff\xff\xff\xff")}) {
    EXPECT_EQ(ErrorOf(RsaJwk(Sized(256), EncodeBase64url(good))), "");
  }
  for (std::string_view bad :
       {std::string_view(""), std::string_view("\0", 1), std::string_view("\1"), std::string_view("\2"),
        std::string_view("\1\0\1\0", 4), std::string_view("\1\0\0\0\1", 5)}) {
    EXPECT_THAT(ErrorOf(RsaJwk(Sized(256), EncodeBase64url(bad))), HasSubstr("exponent"));
  }
  EXPECT_THAT(ErrorOf(RsaJwk(Sized(256), Sized(100'000))), HasSubstr("exponent"));
}

TEST(KeySet, TakesNumbersInBase64urlOnly) {
  EXPECT_THAT(ErrorOf(RsaJwk(Sized(256) + "=", "AQAB")), HasSubstr("n is missing or not base64url"));
  EXPECT_THAT(ErrorOf(RsaJwk(Sized(256), "65537==")), HasSubstr("e is missing or not base64url"));
  EXPECT_THAT(ErrorOf(R"({"kty":"RSA","n":1,"e":65537})"), HasSubstr("n is missing"));
  EXPECT_THAT(ErrorOf(R"({"kty":"EC","crv":"P-256","x":"AAAA"})"), HasSubstr("y is missing"));
  EXPECT_THAT(ErrorOf(R"({"kty":"OKP","crv":"Ed25519"})"), HasSubstr("x is missing"));
  EXPECT_THAT(ErrorOf(R"({"kty":"oct","k":"a b"})"), HasSubstr("k is missing"));
}

std::string EcJwk(std::string_view x, std::string_view y) {
  return StrCat("{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"", EncodeBase64url(x), "\",\"y\":\"", EncodeBase64url(y),
                "\"}");
}

TEST(KeySet, TakesOnlyPointsThatAreOnTheCurve) {
  EXPECT_THAT(ErrorOf(EcJwk(std::string(32, '\1'), std::string(32, '\1'))), HasSubstr("not on the curve"));
  EXPECT_THAT(ErrorOf(EcJwk(std::string(32, '\0'), std::string(32, '\0'))), HasSubstr("not on the curve"));
  EXPECT_THAT(ErrorOf(EcJwk(std::string(32, '\xff'), std::string(32, '\xff'))), HasSubstr("not on the curve"));
  EXPECT_THAT(ErrorOf(EcJwk(std::string(31, '\1'), std::string(32, '\1'))), HasSubstr("not as long as"));
  EXPECT_THAT(ErrorOf(EcJwk(std::string(33, '\0'), std::string(32, '\1'))), HasSubstr("not as long as"));
  EXPECT_THAT(ErrorOf(R"({"kty":"OKP","crv":"Ed25519","x":"AAAA"})"), HasSubstr("x is not 32 bytes"));
}

TEST(KeySet, LeavesOutPrivateKeys) {
  for (const char* name : {"d", "p", "q", "dp", "dq", "qi", "oth"}) {
    std::string extra = StrCat("\"", name, "\":\"AQAB\"");
    EXPECT_THAT(ErrorOf(SigningKey::For(Algorithm::kRs256).Jwk(extra)), HasSubstr("holds a private key")) << name;
    EXPECT_THAT(ErrorOf(SigningKey::Ec("P-256").Jwk(extra)), HasSubstr("holds a private key")) << name;
    EXPECT_THAT(ErrorOf(SigningKey::Ed25519().Jwk(extra)), HasSubstr("holds a private key")) << name;
  }
}

TEST(KeySet, TakesSecretsFrom32Bytes) {
  EXPECT_THAT(ErrorOf(SecretJwk(31)), HasSubstr("less than 32 bytes"));
  EXPECT_EQ(ErrorOf(SecretJwk(1000)), "");
  EXPECT_EQ(Key::FromSecret(std::string(31, 's')).status().message(), "a secret of less than 32 bytes");
  StatusOr<Key> key = Key::FromSecret(std::string(48, 's'), "k");
  ASSERT_TRUE(key.ok());
  EXPECT_EQ(key->algorithms(), (AlgorithmSet{Algorithm::kHs256, Algorithm::kHs384}));
  EXPECT_EQ(key->kid(), "k");
}

TEST(KeySet, NeverTellsASecret) {
  const std::string kSecret = "correct horse battery staple";
  std::string jwk = SigningKey::Secret(kSecret).WithKid("k1").Jwk();
  std::string error = ErrorOf(jwk);
  EXPECT_THAT(error, Not(HasSubstr(kSecret)));
  EXPECT_THAT(error, Not(HasSubstr(EncodeBase64url(kSecret))));
  EXPECT_THAT(std::string(KeySet::Parse(jwk.substr(0, jwk.size() - 1)).status().message()),
              Not(HasSubstr(EncodeBase64url(kSecret))));
}

TEST(KeySet, NotesWhatItLeavesOutAndWhy) {
  StatusOr<KeySet> set = KeySet::Parse(JwksOf(
      {SigningKey::Ec("P-256").WithKid("e\\u001b[1m").Jwk(R"("use":"enc")"), SecretJwk(32), "7", R"({"kty":"XYZ"})"}));
  ASSERT_TRUE(set.ok()) << set.status();
  EXPECT_EQ(set->keys().size(), 1u);
  EXPECT_THAT(set->notes(), ElementsAre(R"(keys[0] (kid "e\x1b[1m"): not for signatures (use))",
                                        "keys[2]: not an object", "keys[3]: an unknown type (kty)"));
}

TEST(KeySet, WithoutAUsableKeyIsAnErrorThatSaysWhy) {
  std::vector<std::string> jwks(6, R"({"kty":"XYZ"})");
  EXPECT_EQ(KeySet::Parse(JwksOf(jwks)).status().message(),
            "no key of the set can be used; keys[0]: an unknown type (kty); keys[1]: an unknown type (kty); "
            "keys[2]: an unknown type (kty); and 3 more");
  EXPECT_EQ(KeySet::Parse(JwksOf({})).status().message(), "the key set is empty");
}

TEST(KeySet, IsAnObjectWithAnArrayOfKeys) {
  for (const char* text : {"{}", "[]", R"({"keys":{}})", R"({"keys":null})", R"({"Keys":[]})", "1"}) {
    EXPECT_EQ(KeySet::Parse(text).status().message(), "the key set has no array keys") << text;
  }
  EXPECT_EQ(KeySet::Parse("{\"keys\":[").status().message(), "the key set: JSON: ends too early");
  EXPECT_EQ(KeySet::Parse("<html>").status().message(), "the key set: JSON: not what may stand there");
  std::string twice = SecretJwk(32);
  EXPECT_EQ(KeySet::Parse(StrCat("{\"keys\":[", twice, "],\"keys\":[]}")).status().message(),
            "the key set: JSON: a member name twice");
}

TEST(KeySet, HasLimits) {
  EXPECT_TRUE(KeySet::Parse(JwksOf(std::vector<std::string>(100, SecretJwk(32)))).ok());
  EXPECT_EQ(KeySet::Parse(JwksOf(std::vector<std::string>(101, SecretJwk(32)))).status().message(),
            "the key set holds more than 100 keys");
  EXPECT_EQ(KeySet::Parse(JwksOf({SecretJwk(32)}) + std::string(1 << 20, ' ')).status().message(),
            "the key set: JSON: longer than allowed");
  EXPECT_THAT(ErrorOf(SecretJwk(32, StrCat("\"kid\":\"", std::string(257, 'k'), "\""))), HasSubstr("kid is longer"));
  EXPECT_THAT(ErrorOf(SecretJwk(32, "\"kid\":1")), HasSubstr("kid is not a string"));
}

std::vector<std::string> KidsOf(const KeySet::Tried& tried) {
  std::vector<std::string> kids;
  for (const Key* key : tried) kids.push_back(key->kid().value_or("-"));
  return kids;
}

TEST(Candidates, AreThoseOfTheKidAndTheAlgorithm) {
  auto secret = [](std::string kid) { return SigningKey::Secret(std::string(32, 's')).WithKid(std::move(kid)).Jwk(); };
  KeySet set = *KeySet::Parse(
      JwksOf({secret("a"), SigningKey::Ec("P-256").WithKid("a").Jwk(), secret("b"), secret(""), secret("a")}));
  EXPECT_THAT(KidsOf(set.Candidates(Algorithm::kHs256, "a")), ElementsAre("a", "a"));
  EXPECT_THAT(KidsOf(set.Candidates(Algorithm::kHs256, "b")), ElementsAre("b"));
  EXPECT_THAT(KidsOf(set.Candidates(Algorithm::kEs256, "a")), ElementsAre("a"));
  EXPECT_THAT(KidsOf(set.Candidates(Algorithm::kHs256, "A")), ElementsAre());
  EXPECT_THAT(KidsOf(set.Candidates(Algorithm::kHs256, "")), ElementsAre());
  EXPECT_THAT(KidsOf(set.Candidates(Algorithm::kHs512, "a")), ElementsAre());
  EXPECT_THAT(KidsOf(set.Candidates(Algorithm::kHs256, std::nullopt)), ElementsAre("a", "b", "-", "a"));
}

TEST(Candidates, AreAtMostEight) {
  KeySet set =
      *KeySet::Parse(JwksOf(std::vector<std::string>(20, SigningKey::Secret(std::string(32, 's')).WithKid("k").Jwk())));
  EXPECT_EQ(set.Candidates(Algorithm::kHs256, std::nullopt).size(), 8u);
  EXPECT_EQ(set.Candidates(Algorithm::kHs256, "k").size(), 8u);
}

TEST(Candidates, HoldASecretWithoutAKidForEveryToken) {
  KeySet set(std::vector<Key>{*Key::FromSecret(std::string(32, 's')), *Key::FromSecret(std::string(32, 't'), "t")});
  EXPECT_THAT(KidsOf(set.Candidates(Algorithm::kHs256, "whatever")), ElementsAre("-"));
  EXPECT_THAT(KidsOf(set.Candidates(Algorithm::kHs256, "t")), ElementsAre("-", "t"));
  EXPECT_THAT(KidsOf(set.Candidates(Algorithm::kHs256, std::nullopt)), ElementsAre("-", "t"));
  SigningKey signing = SigningKey::Secret(std::string(32, 's')).WithKid("k1");
  EXPECT_EQ(set.Check(*ParseToken(signing.Token(Algorithm::kHs256, "{}"))), Proof::kGood);
}

}  // namespace
}  // namespace penstock::jose
