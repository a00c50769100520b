#include "dataplane/tls/key_pair.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dataplane/base/test_certificates.h"
#include "dataplane/tls/ca_bundle.h"

namespace penstock::tls {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

StatusOr<std::shared_ptr<const KeyPair>> Make(const std::string& certificate, const std::string& key) {
  ASSIGN_OR_RETURN(Certificates chain, ReadCertificates(certificate, KeyPair::kMaxChain));
  ASSIGN_OR_RETURN(KeyPtr read, ReadPrivateKey(key));
  return KeyPair::Make(std::move(chain), std::move(read));
}

std::string Refusal(const std::string& certificate, const std::string& key) {
  StatusOr<std::shared_ptr<const KeyPair>> pair = Make(certificate, key);
  return pair.ok() ? "" : std::string(pair.status().message());
}

class KeyPairTest : public ::testing::Test {
 protected:
  TestCa ca_;
  TestCertificate good_ = ca_.Issue(TestCertificateOptions{.names = {"DNS:A.test", "DNS:*.b.test"}});
};

TEST_F(KeyPairTest, SaysWhatIsWrongAndNothingOfTheKey) {
  TestCertificate other = ca_.Issue("spiffe://other");
  EXPECT_EQ(Refusal(good_.cert, good_.key), "");
  EXPECT_EQ(Refusal(good_.cert, other.key), "key does not match certificate");
  EXPECT_EQ(Refusal("", good_.key), "there is no certificate in it (in PEM form)");
  EXPECT_EQ(Refusal("nonsense", good_.key), "there is no certificate in it (in PEM form)");
  EXPECT_EQ(Refusal(good_.key, good_.key), "there is no certificate in it (in PEM form)");
  EXPECT_EQ(Refusal(good_.cert, good_.cert), "there is no private key in it that can be read (in PEM form)");
  std::string broken = good_.cert;
  broken.erase(broken.size() / 2, 8);
  EXPECT_THAT(Refusal(broken + good_.cert, good_.key), HasSubstr("certificate 1 cannot be read"));
  std::string cut = good_.key.substr(0, good_.key.size() / 2);
  std::string refusal = Refusal(good_.cert, cut);
  EXPECT_THAT(refusal, Not(HasSubstr(cut.substr(cut.size() - 10))));
}

TEST_F(KeyPairTest, IsGoodUntilTheFirstOfItsChainEnds) {
  auto ends = [this](std::chrono::hours hours) {
    return ca_.Issue(TestCertificateOptions{.names = {}, .ends = hours});
  };
  TestCertificate mine = ends(std::chrono::hours(48));
  auto hours = [&mine](const std::string& issuer) {
    auto left = (*Make(mine.cert + issuer, mine.key))->until() - std::chrono::system_clock::now();
    return std::chrono::round<std::chrono::hours>(left).count();
  };
  EXPECT_EQ(hours(""), 48);
  EXPECT_EQ(hours(ends(std::chrono::hours(24)).cert), 24);
  EXPECT_EQ(hours(ends(std::chrono::hours(72)).cert), 48);
}

TEST_F(KeyPairTest, RefusesAWeakKey) {
  TestCertificateOptions options;
  options.key = TestCertificateOptions::Key::kRsa1024;
  TestCertificate weak = ca_.Issue(options);
  EXPECT_EQ(Refusal(weak.cert, weak.key), "an RSA key of 1024 bits is too weak");
}

TEST_F(KeyPairTest, RefusesAKeyWithAPassphraseWithoutAskingForIt) {
  // openssl ecparam -name prime256v1 -genkey | openssl ec -aes256
  const char kEncrypted[] =
      "-----BEGIN EC PRIVATE KEY-----\n"
      "Proc-Type: 4,ENCRYPTED\n"
      "DEK-Info: AES-256-CBC,9A6D40ED7A4D46A2B9CC44D0A2F6F0A5\n"
      "\n"
      "Zm9vYmFyZm9vYmFyZm9vYmFyZm9vYmFyZm9vYmFyZm9vYmFyZm9vYmFyZm9vYmFy\n"
      "-----END EC PRIVATE KEY-----\n";
  EXPECT_EQ(Refusal(good_.cert, kEncrypted), "the key is encrypted with a passphrase");
}

TEST_F(KeyPairTest, TakesAChainOfAtMostSixteen) {
  std::string chain = good_.cert;
  for (size_t i = 1; i < KeyPair::kMaxChain; ++i) chain += ca_.cert();
  EXPECT_EQ(Refusal(chain, good_.key), "");
  EXPECT_EQ(Refusal(chain + ca_.cert(), good_.key), "more than 16 certificates");
}

TEST_F(KeyPairTest, FitsItsNamesAndOneLabelForAWildcard) {
  std::shared_ptr<const KeyPair> pair = *Make(good_.cert, good_.key);
  EXPECT_EQ(pair->FitTo("a.test"), KeyPair::Fit::kExact);
  EXPECT_EQ(pair->FitTo("x.b.test"), KeyPair::Fit::kWildcard);
  for (const char* other : {"", "b.test", "x.y.b.test", ".b.test", "b", "xa.test", "a.test.", "x.a.test"}) {
    EXPECT_EQ(pair->FitTo(other), KeyPair::Fit::kNone) << other;
  }
}

TEST_F(KeyPairTest, RefusesACertificateWithANulInAName) {
  TestCertificateOptions options;
  options.names = {std::string("DNS:a.test\0.evil", 16)};
  TestCertificate lie = ca_.Issue(options);
  EXPECT_EQ(Refusal(lie.cert, lie.key), "a name of the certificate holds a NUL");
}

TEST(CaBundle, IsReadFromOneTextOrFromTheMachine) {
  TestCa first("first");
  TestCa second("second");
  StatusOr<std::shared_ptr<const CaBundle>> both = CaBundle::Parse(first.cert() + "text between\n" + second.cert());
  ASSERT_TRUE(both.ok()) << both.status();
  EXPECT_EQ((*both)->certificates().size(), 2u);
  EXPECT_NE((*both)->fingerprint(), (*CaBundle::Parse(first.cert()))->fingerprint());
  EXPECT_EQ((*both)->fingerprint(), (*CaBundle::Parse(first.cert() + second.cert()))->fingerprint());
  StatusOr<std::shared_ptr<const CaBundle>> missing = CaBundle::System("/does/not/exist.crt");
  EXPECT_EQ(missing.status().message(), "cannot read /does/not/exist.crt");
}

}  // namespace
}  // namespace penstock::tls
