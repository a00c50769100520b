#include "dataplane/passwords/crypt.h"

#include <gtest/gtest.h>

#include <string>

namespace penstock::passwords {
namespace {

struct Vector {
  const char* password;
  const char* hash;
  const char* from;
};
constexpr Vector kVectors[] = {
    {"myPassword", "$2y$05$c4WoMPo3SXsafkva.HHa6uXQZWr7oboPiC2bT/r7q1BB8I2s0BRqC", "Apache's guide to htpasswd -B"},
    {"U*U", "$2y$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", "the tests of crypt_blowfish"},
    {"Hello world!",
     "$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1",
     "the specification of SHA-crypt, and openssl passwd -6"},
    {"correct horse", "$y$j75$pofUh7HnF2RDdvAxOUlu51$fFDE5bPFr1OLytvMZ6ZUOCC.YKiyW3R9wG9xoa5iYx4", "libxcrypt 4.4"},
};

TEST(Crypt, KnowsThePasswordsOfHashesThatOthersMade) {
  for (const Vector& vector : kVectors) {
    StatusOr<PasswordHash> hash = PasswordHash::Parse(vector.hash);
    ASSERT_TRUE(hash.ok()) << vector.from << hash.status();
    EXPECT_EQ(*Matches(*hash, vector.password), true) << vector.from;
    for (std::string wrong : {std::string(), std::string("x"), std::string(vector.password) + "x",
                              std::string(vector.password).substr(1)}) {
      EXPECT_EQ(*Matches(*hash, wrong), false) << vector.from;
    }
  }
}

TEST(Crypt, MakesHashesThatItKnowsAgain) {
  for (Scheme scheme : {Scheme::kBcrypt, Scheme::kYescrypt, Scheme::kSha512Crypt}) {
    StatusOr<PasswordHash> one = Hash(scheme, "correct horse");
    ASSERT_TRUE(one.ok()) << one.status();
    EXPECT_EQ(one->scheme(), scheme);
    EXPECT_EQ(*Matches(*one, "correct horse"), true);
    EXPECT_EQ(*Matches(*one, "correct hors"), false);
    EXPECT_NE(one->text(), Hash(scheme, "correct horse")->text()) << "each has a salt of its own";
  }
}

TEST(Crypt, TakesNoPasswordThatBcryptWouldCutOff) {
  std::string longest(kMaxBcryptPassword, 'a');
  EXPECT_FALSE(Hash(Scheme::kBcrypt, longest + "b").ok());
  EXPECT_TRUE(Hash(Scheme::kYescrypt, longest + "b").ok());
  // Made of the 72 bytes alone by somebody else.
  StatusOr<PasswordHash> hash = Hash(Scheme::kBcrypt, longest);
  ASSERT_TRUE(hash.ok()) << hash.status();
  EXPECT_EQ(*Matches(*hash, longest), true);
  EXPECT_EQ(*Matches(*hash, longest + "b"), false);
}

TEST(Crypt, TakesTheLongestPasswordThereIs) {
  std::string longest(kMaxPassword, 'a');
  for (Scheme scheme : {Scheme::kYescrypt, Scheme::kSha512Crypt}) {
    StatusOr<PasswordHash> hash = Hash(scheme, longest);
    ASSERT_TRUE(hash.ok()) << hash.status();
    EXPECT_EQ(*Matches(*hash, longest), true);
    EXPECT_EQ(*Matches(*hash, longest.substr(1)), false);
  }
}

TEST(Crypt, MakesNoHashOfWhatNobodyCanSend) {
  EXPECT_EQ(Hash(Scheme::kYescrypt, "").status().message(), "the password is empty");
  EXPECT_EQ(Hash(Scheme::kYescrypt, "a\nb").status().message(), "the password has a control character");
}

}  // namespace
}  // namespace penstock::passwords
