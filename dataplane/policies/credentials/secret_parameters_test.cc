#include "dataplane/policies/credentials/secret_parameters.h"

#include <gtest/gtest.h>

#include <string>

namespace penstock::policies {
namespace {

class SecretParametersTest : public testing::Test {
 protected:
  std::string_view Mask(std::string_view query) { return set->Mask(query, arena); }

  std::shared_ptr<const SecretParameters> set = std::make_shared<const SecretParameters>();
  Arena arena;
};

TEST_F(SecretParametersTest, AreTheWellKnownOnesAnyway) {
  for (std::string name : {"access_token", "id_token", "refresh_token", "token", "api_key", "apikey", "api-key",
                           "client_secret", "password"}) {
    EXPECT_EQ(Mask("a=1&" + name + "=abc&b=2"), "a=1&" + name + "=-&b=2");
  }
}

TEST_F(SecretParametersTest, AreThoseOfPoliciesBesides) {
  EXPECT_EQ(Mask("at=abc"), "at=abc");
  set = SecretParameters::With(set, {"at", "Key"});
  EXPECT_EQ(Mask("at=abc&key=def&token=ghi"), "at=-&key=-&token=-");
}

TEST_F(SecretParametersTest, AreSharedIfNoneIsNew) {
  set = SecretParameters::With(set, {"at"});
  EXPECT_EQ(SecretParameters::With(set, {"at", "token"}), set);
  EXPECT_EQ(SecretParameters::With(set, {}), set);
}

TEST_F(SecretParametersTest, AreKnownHoweverTheyAreWritten) {
  EXPECT_EQ(Mask("t%6Fken=x&%74%6f%6B%65%6e=y&TOKEN=z&T%4Fken=z"), "t%6Fken=-&%74%6f%6B%65%6e=-&TOKEN=-&T%4Fken=-");
  EXPECT_EQ(Mask("a%70i%2Dkey=x"), "a%70i%2Dkey=-");
}

TEST_F(SecretParametersTest, AreNoOthers) {
  for (std::string_view query : {"", "&", "&&a", "=", "=abc", "token", "token=", "token%3D=y", "toke%6=x", "toke%=x",
                                 "t%256Fken=x", "tokens=x", "xtoken=x", "a=token=x", "a=1&b=2&", "a=%26token%3Dx"}) {
    EXPECT_EQ(Mask(query), query);
  }
  EXPECT_EQ(arena.bytes(), 0u) << "what holds no secret is not copied";
}

TEST_F(SecretParametersTest, HideAllOfAValueAndEveryOne) {
  EXPECT_EQ(Mask("token=a=b;c&token=&x&token=d%26e&&password=p"), "token=-&token=&x&token=-&&password=-");
  EXPECT_EQ(Mask("token=x"), "token=-");
}

TEST_F(SecretParametersTest, MayHaveNamesWithEveryCharacterOfAToken) {
  set = SecretParameters::With(set, {"a%b", "x+y'z", std::string(300, 'n')});
  EXPECT_EQ(Mask("a%b=1&a%25b=2&x+y'z=3"), "a%b=-&a%25b=-&x+y'z=-");
  EXPECT_EQ(Mask(std::string(300, 'N') + "=1"), std::string(300, 'N') + "=-");
  EXPECT_EQ(Mask(std::string(901, 'n') + "=1"), std::string(901, 'n') + "=1");
}

}  // namespace
}  // namespace penstock::policies
