#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "dataplane/jose/base64url.h"
#include "dataplane/jose/key_set.h"
#include "dataplane/jose/testing.h"

namespace penstock::jose {
namespace {

using testing::Flipped;
using testing::JwksOf;
using testing::SigningKey;

constexpr std::string_view kInput = "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhbm4ifQ";

std::vector<Algorithm> All() {
  std::vector<Algorithm> all;
  for (std::size_t i = 0; i < kAlgorithms; ++i) all.push_back(static_cast<Algorithm>(i));
  return all;
}

Key PublicOf(const SigningKey& key) {
  KeySet set = *KeySet::Parse(JwksOf({key.Jwk()}));
  return set.keys().front();
}

class Verify : public ::testing::TestWithParam<Algorithm> {
 protected:
  Verify() : signing_(SigningKey::For(GetParam())), key_(PublicOf(signing_)) {}

  std::string Signature() { return signing_.Sign(GetParam(), kInput); }
  bool Accepts(std::string_view signature, std::string_view input = kInput) {
    return key_.Verify(GetParam(), input, signature);
  }

  SigningKey signing_;
  Key key_;
};

INSTANTIATE_TEST_SUITE_P(Algorithms, Verify, ::testing::ValuesIn(All()),
                         [](const auto& info) { return std::string(NameOf(info.param)); });

TEST_P(Verify, AcceptsWhatTheKeySigned) {
  EXPECT_TRUE(Accepts(Signature()));
  EXPECT_TRUE(key_.Verify(GetParam(), "", signing_.Sign(GetParam(), ""))) << "nothing can be signed, too";
}

TEST_P(Verify, RefusesASignatureWithAnyByteChanged) {
  std::string signature = Signature();
  // ES512's curve makes it slow: every third byte and both ends.
  for (std::size_t i = 0; i < signature.size(); i += i + 4 < signature.size() ? 3 : 1) {
    EXPECT_FALSE(Accepts(Flipped(signature, i))) << i;
  }
}

TEST_P(Verify, RefusesAnInputWithAnyByteChanged) {
  std::string signature = Signature();
  for (std::size_t i = 0; i < kInput.size(); i += 5) {
    EXPECT_FALSE(Accepts(signature, Flipped(std::string(kInput), i))) << i;
  }
  EXPECT_FALSE(Accepts(signature, kInput.substr(1)));
  EXPECT_FALSE(Accepts(signature, ""));
}

TEST_P(Verify, RefusesSignaturesOfAnotherLength) {
  std::string signature = Signature();
  EXPECT_FALSE(Accepts(""));
  EXPECT_FALSE(Accepts(signature.substr(1)));
  EXPECT_FALSE(Accepts(signature.substr(0, signature.size() - 1)));
  EXPECT_FALSE(Accepts(signature + '\0'));
  EXPECT_FALSE(Accepts('\0' + signature));
  EXPECT_FALSE(Accepts(signature + signature));
  EXPECT_FALSE(Accepts(std::string(16'384, '\0')));
}

TEST_P(Verify, RefusesSignaturesOfZerosAndOnes) {
  std::size_t size = Signature().size();
  EXPECT_FALSE(Accepts(std::string(size, '\0')));
  EXPECT_FALSE(Accepts(std::string(size, '\xff')));
  EXPECT_FALSE(Accepts(std::string(size - 1, '\0') + '\1'));
}

TEST_P(Verify, RefusesEveryOtherAlgorithm) {
  std::string signature = Signature();
  for (Algorithm other : All()) {
    if (other == GetParam()) continue;
    EXPECT_FALSE(key_.Verify(other, kInput, signature)) << NameOf(other);
  }
}

TEST_P(Verify, RefusesAnotherKeyOfTheSameKind) {
  SigningKey other = GetParam() <= Algorithm::kPs512 ? SigningKey::Rsa()
                     : RowOf(GetParam()).family == Family::kHmac
                         ? SigningKey::Secret(std::string(RowOf(GetParam()).hash_bytes, 't'))
                         : SigningKey::For(GetParam());
  EXPECT_FALSE(PublicOf(other).Verify(GetParam(), kInput, Signature()));
}

TEST_P(Verify, ChecksAWholeToken) {
  std::string compact = signing_.WithKid("k").Token(GetParam(), R"({"sub":"ann"})");
  KeySet set = *KeySet::Parse(JwksOf({signing_.WithKid("k").Jwk()}));
  EXPECT_EQ(set.Check(*ParseToken(compact)), Proof::kGood);
  std::size_t dot = compact.find('.');
  std::string forged =
      compact.substr(0, dot + 1) + EncodeBase64url(R"({"sub":"bob"})") + compact.substr(compact.rfind('.'));
  EXPECT_EQ(set.Check(*ParseToken(forged)), Proof::kWrong);
}

TEST_P(Verify, IsDoneByManyThreadsWithOneKey) {
  std::string signature = Signature();
  std::vector<std::thread> threads;
  std::vector<int> failures(4, 0);
  for (int& failed : failures) {
    threads.emplace_back([this, &failed, &signature] {
      for (int i = 0; i < 10; ++i) failed += Accepts(signature) && !Accepts(Flipped(signature, 7)) ? 0 : 1;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(failures, std::vector<int>(4, 0));
}

// RFC 7518 3.4 demands the full size: r and s keep their leading zeros.
TEST(VerifyEcdsa, TakesSmallNumbersWithTheirLeadingZeros) {
  SigningKey signing = SigningKey::Ec("P-256");
  Key key = PublicOf(signing);
  std::string signature;
  do {
    signature = signing.Sign(Algorithm::kEs256, kInput);
  } while (signature[0] != '\0' && signature[32] != '\0');
  EXPECT_TRUE(key.Verify(Algorithm::kEs256, kInput, signature));
}

// RFC 7518 3.5
TEST(VerifyPss, RefusesPkcs1AndTheOtherWayRound) {
  SigningKey signing = SigningKey::For(Algorithm::kRs256);
  Key key = PublicOf(signing);
  EXPECT_FALSE(key.Verify(Algorithm::kPs256, kInput, signing.Sign(Algorithm::kRs256, kInput)));
  EXPECT_FALSE(key.Verify(Algorithm::kRs256, kInput, signing.Sign(Algorithm::kPs256, kInput)));
}

}  // namespace
}  // namespace penstock::jose
