// What has been done to other verifiers: the rows AUT-001 to AUT-007 and AUT-014 of our list of attacks, with keys.
// token_test.cc has the same rows for what is refused before any key is looked at.
#include <gtest/gtest.h>

#include "dataplane/base/strings.h"
#include "dataplane/jose/base64url.h"
#include "dataplane/jose/key_set.h"
#include "dataplane/jose/testing.h"

namespace penstock::jose {
namespace {

using testing::Compact;
using testing::JwksOf;
using testing::SigningKey;

constexpr std::string_view kRoot = R"({"sub":"root"})";

// What a gateway that trusts SET makes of COMPACT; nullopt: no token at all.
std::optional<Proof> Judge(const KeySet& set, std::string_view compact) {
  StatusOr<Token> token = ParseToken(compact);
  if (!token.ok()) return std::nullopt;
  return set.Check(*token);
}

class Attack : public ::testing::Test {
 protected:
  SigningKey rsa_ = SigningKey::For(Algorithm::kRs256).WithKid("rsa");
  SigningKey ec_ = SigningKey::Ec("P-256").WithKid("ec");
  SigningKey secret_ = SigningKey::Secret(std::string(64, 's')).WithKid("oct");
  SigningKey evil_ = SigningKey::Ec("P-256").WithKid("ec");
  KeySet set_ = *KeySet::Parse(JwksOf({rsa_.Jwk(), ec_.Jwk(), secret_.Jwk()}));
};

TEST_F(Attack, Aut001And002NoneIsNoAlgorithm) {
  for (const char* alg : {"none", "None", "nOnE", "NONE", " none"}) {
    std::string header = StrCat("{\"alg\":\"", alg, "\",\"kid\":\"rsa\"}");
    EXPECT_EQ(Judge(set_, Compact(header, kRoot, "")), std::nullopt) << alg;
    EXPECT_EQ(Judge(set_, Compact(header, kRoot, rsa_.Sign(Algorithm::kRs256, "x"))), std::nullopt) << alg;
  }
}

// The secret in every form in which a public key is handed around.
TEST_F(Attack, Aut003APublicKeyIsNobodysSecret) {
  std::string jwk = rsa_.Jwk();
  Json parsed = *Json::Parse(jwk);
  std::string modulus = *DecodeBase64url(parsed.root().Find("n")->text());
  for (const std::string& secret : {jwk, JwksOf({jwk}), modulus, std::string(parsed.root().Find("n")->text())}) {
    for (Algorithm algorithm : {Algorithm::kHs256, Algorithm::kHs384, Algorithm::kHs512}) {
      SigningKey forger = SigningKey::Secret(secret);
      EXPECT_EQ(Judge(set_, forger.WithKid("rsa").Token(algorithm, kRoot)), Proof::kNoKey);
      EXPECT_EQ(Judge(set_, forger.WithKid("ec").Token(algorithm, kRoot)), Proof::kNoKey);
      EXPECT_EQ(Judge(set_, forger.Token(algorithm, kRoot)), Proof::kWrong) << "the set's secret was tried alone";
    }
  }
}

TEST_F(Attack, Aut003AnAlgorithmOfAnotherTypeFindsNoKey) {
  for (std::size_t i = 0; i < kAlgorithms; ++i) {
    auto algorithm = static_cast<Algorithm>(i);
    std::string token = SigningKey::For(algorithm).WithKid("ec").Token(algorithm, kRoot);
    EXPECT_EQ(Judge(set_, token), algorithm == Algorithm::kEs256 ? Proof::kWrong : Proof::kNoKey) << NameOf(algorithm);
  }
}

TEST_F(Attack, Aut004AKidIsANameAndNothingElse) {
  SigningKey empty = SigningKey::Secret(std::string(64, '\0'));
  for (const char* kid :
       {"../../../dev/null", "/dev/null", "x' UNION SELECT 'k'--", "oct\\u0000", "OCT", "*", "oct "}) {
    EXPECT_EQ(Judge(set_, empty.WithKid(kid).Token(Algorithm::kHs256, kRoot)), Proof::kNoKey) << kid;
    EXPECT_EQ(Judge(set_, secret_.WithKid(kid).Token(Algorithm::kHs256, kRoot)), Proof::kNoKey) << kid;
  }
  EXPECT_EQ(Judge(set_, empty.WithKid(std::string(65'536, 'k')).Token(Algorithm::kHs256, kRoot)), std::nullopt);
  EXPECT_EQ(Judge(set_, secret_.WithKid(std::string(257, 'k')).Token(Algorithm::kHs256, kRoot)), std::nullopt);
}

TEST_F(Attack, Aut005KeysThatAHeaderPointsToDoNotCount) {
  for (const char* extra : {R"("jku":"https://evil.test/jwks.json")", R"("x5u":"https://evil.test/cert.pem")",
                            R"("jku":"https://evil.test/a","x5u":"https://evil.test/b")"}) {
    EXPECT_EQ(Judge(set_, evil_.Token(Algorithm::kEs256, kRoot, extra)), Proof::kWrong) << extra;
    EXPECT_EQ(Judge(set_, ec_.Token(Algorithm::kEs256, kRoot, extra)), Proof::kGood) << "ignored, not refused";
  }
}

TEST_F(Attack, Aut006KeysThatAHeaderBringsAlongDoNotCount) {
  for (const std::string& extra : {StrCat("\"jwk\":", evil_.Jwk()), std::string(R"("x5c":["MIIB"])"),
                                   StrCat("\"jwk\":", evil_.Jwk(), ",\"jku\":\"https://evil.test/\"")}) {
    EXPECT_EQ(Judge(set_, evil_.Token(Algorithm::kEs256, kRoot, extra)), Proof::kWrong) << extra;
    EXPECT_EQ(Judge(set_, evil_.WithKid("").Token(Algorithm::kEs256, kRoot, extra)), Proof::kWrong) << extra;
    EXPECT_EQ(Judge(set_, evil_.WithKid("evil").Token(Algorithm::kEs256, kRoot, extra)), Proof::kNoKey) << extra;
  }
}

// The order of P-256 (SEC 2 2.4.2), and it less by one.
const std::string kOrder = *DecodeBase64url("_____wAAAAD__________7zm-q2nF56E87nKwvxjJVE");
const std::string kLast = *DecodeBase64url("_____wAAAAD__________7zm-q2nF56E87nKwvxjJVA");
const std::string kZero(32, '\0');
const std::string kOne = std::string(31, '\0') + '\1';

TEST_F(Attack, Aut007ZeroIsNoSignature) {
  std::string input = StrCat(EncodeBase64url(R"({"alg":"ES256","kid":"ec"})"), ".", EncodeBase64url(kRoot));
  std::string good = ec_.Sign(Algorithm::kEs256, input);
  ASSERT_EQ(Judge(set_, StrCat(input, ".", EncodeBase64url(good))), Proof::kGood);
  std::string r = good.substr(0, 32), s = good.substr(32);
  for (const std::string& signature : {kZero + kZero, r + kZero, kZero + s, kOrder + kOrder, r + kOrder, kOrder + s,
                                       kOne + kOne, kLast + kLast, kOne + kZero, std::string(64, '\xff'), s + r}) {
    EXPECT_EQ(Judge(set_, StrCat(input, ".", EncodeBase64url(signature))), Proof::kWrong);
  }
  // The signature as certificates hold it, which RFC 7518 3.4 does not want.
  std::string der = "\x30\x44\x02\x20" + r + "\x02\x20" + s;
  EXPECT_EQ(Judge(set_, StrCat(input, ".", EncodeBase64url(der))), Proof::kWrong);
}

// Half of all signatures are so; who refuses them refuses honest tokens.
TEST_F(Attack, Aut007ALargeSIsASignature) {
  std::string token;
  do {
    token = ec_.Token(Algorithm::kEs256, R"({"sub":"ann"})");
  } while (static_cast<unsigned char>(ParseToken(token)->signature[32]) < 0x80);
  EXPECT_EQ(Judge(set_, token), Proof::kGood);
}

TEST_F(Attack, Aut014EncryptedNestedAndExtendedTokensAreNone) {
  for (const char* extra : {R"("crit":["exp"],"exp":1)", R"("crit":["b64"],"b64":false)", R"("crit":["unknown"])",
                            R"("cty":"JWT")", R"("cty":"jwt")", R"("enc":"A128GCM")", R"("zip":"DEF")"}) {
    EXPECT_EQ(Judge(set_, ec_.Token(Algorithm::kEs256, kRoot, extra)), std::nullopt) << extra;
  }
  std::string inner = ec_.Token(Algorithm::kEs256, kRoot);
  EXPECT_EQ(Judge(set_, ec_.Token(Algorithm::kEs256, inner)), std::nullopt);
  EXPECT_EQ(Judge(set_, inner + ".AAAA.AAAA"), std::nullopt);
}

TEST_F(Attack, APartOfAnotherTokenDoesNotFit) {
  std::string ann = ec_.Token(Algorithm::kEs256, R"({"sub":"ann"})");
  std::string root = evil_.Token(Algorithm::kEs256, kRoot);
  std::size_t ann_end = ann.rfind('.'), root_end = root.rfind('.');
  EXPECT_EQ(Judge(set_, root.substr(0, root_end) + ann.substr(ann_end)), Proof::kWrong);
  EXPECT_EQ(Judge(set_, ann.substr(0, ann_end) + root.substr(root_end)), Proof::kWrong);
}

}  // namespace
}  // namespace penstock::jose
