#include "dataplane/passwords/password_hash.h"

#include <gtest/gtest.h>

#include <string>

namespace penstock::passwords {
namespace {

const std::string kBcryptRest = "$" + std::string(53, 'a');
const std::string kYescryptRest = "$" + std::string(22, 's') + "$" + std::string(43, 'h');
const std::string kSha512Rest = "salt$" + std::string(86, 'h');

TEST(PasswordHash, TakesThoseThatSlowDownWhoGuesses) {
  const std::pair<std::string, Scheme> kRows[] = {
      {"$2b$12" + kBcryptRest, Scheme::kBcrypt},
      {"$2y$04" + kBcryptRest, Scheme::kBcrypt},
      {"$2b$13" + kBcryptRest, Scheme::kBcrypt},
      {"$y$j9T" + kYescryptRest, Scheme::kYescrypt},
      {"$y$j75" + kYescryptRest, Scheme::kYescrypt},
      {"$y$jBT" + kYescryptRest, Scheme::kYescrypt},
      {"$6$" + kSha512Rest, Scheme::kSha512Crypt},
      {"$6$rounds=200000$" + kSha512Rest, Scheme::kSha512Crypt},
      {"$6$rounds=5000$" + kSha512Rest, Scheme::kSha512Crypt},
  };
  for (const auto& [text, scheme] : kRows) {
    StatusOr<PasswordHash> hash = PasswordHash::Parse(text);
    ASSERT_TRUE(hash.ok()) << text << hash.status();
    EXPECT_EQ(hash->scheme(), scheme) << text;
    EXPECT_EQ(hash->text(), text);
  }
  EXPECT_EQ(PasswordHash::Parse("$2b$12" + kBcryptRest)->max_password(), 72u);
  EXPECT_EQ(PasswordHash::Parse("$6$" + kSha512Rest)->max_password(), 511u);
}

TEST(PasswordHash, RefusesWhatCanBeGuessedAndSaysWhatItIs) {
  const std::pair<std::string, const char*> kRows[] = {
      {"", "is missing"},
      {"hunter2", "is the password itself, or a hash of DES: neither protects anybody"},
      {"abiQ6Ep3EYTHc", "is the password itself, or a hash of DES: neither protects anybody"},
      {"$apr1$salt$xxxxxxxxxxxxxxxxxxxxxx", "is MD5 (apr1), which can be guessed by the billion"},
      {"$1$salt$xxxxxxxxxxxxxxxxxxxxxx", "is MD5, which can be guessed by the billion"},
      {"{SHA}qUqP5cyxm6YcTAhz05Hph5gvu9M=", "is SHA-1 without a salt, which can be guessed by the billion"},
      {"{SSHA}x", "is SHA-1, which can be guessed by the billion"},
      {"$5$salt$x", "is SHA-256 crypt, which is not taken; SHA-512 crypt ($6$) is"},
      {"$2a$12" + kBcryptRest, "is bcrypt of before 2011 ($2a$), which libraries compute differently"},
      {"$argon2id$v=19$x", "is of a kind that is not taken"},
  };
  for (const auto& [text, why] : kRows) EXPECT_EQ(PasswordHash::Parse(text).status().message(), why) << text;
}

TEST(PasswordHash, BoundsWhatACheckCosts) {
  const std::pair<std::string, const char*> kRows[] = {
      {"$2b$14" + kBcryptRest, "is bcrypt of cost 14; from 4 to 13 are taken"},
      {"$2b$03" + kBcryptRest, "is bcrypt of cost 3; from 4 to 13 are taken"},
      {"$2b$31" + kBcryptRest, "is bcrypt of cost 31; from 4 to 13 are taken"},
      {"$y$jCT" + kYescryptRest, "is yescrypt with 131072 KiB; from 1 to 64 MiB are taken"},
      {"$y$j65" + kYescryptRest, "is yescrypt with 512 KiB; from 1 to 64 MiB are taken"},
      {"$y$jFT" + kYescryptRest, "is yescrypt with 1048576 KiB; from 1 to 64 MiB are taken"},
      {"$6$rounds=200001$" + kSha512Rest, "is SHA-512 crypt with 200001 rounds; from 5000 to 200000 are taken"},
      {"$6$rounds=4999$" + kSha512Rest, "is SHA-512 crypt with 4999 rounds; from 5000 to 200000 are taken"},
  };
  for (const auto& [text, why] : kRows) EXPECT_EQ(PasswordHash::Parse(text).status().message(), why) << text;
}

TEST(PasswordHash, RefusesWhatIsNotWhole) {
  const std::string kTexts[] = {
      "$2b$12",
      "$2b$12" + kBcryptRest + "a",
      "$2b$12$" + std::string(52, 'a'),
      "$2b$12$" + std::string(52, 'a') + "!",
      "$2b$1" + kBcryptRest,
      "$2b$ab" + kBcryptRest,
      "$2b$+9" + kBcryptRest,
      "$y$j9T$$" + std::string(43, 'h'),
      "$y$j9T$salt$" + std::string(42, 'h'),
      "$y$" + kYescryptRest,
      "$y$i9T" + kYescryptRest,
      "$y$j9T0" + kYescryptRest,
      "$y$j9z" + kYescryptRest,
      "$6$" + kSha512Rest + "h",
      "$6$$" + std::string(86, 'h'),
      "$6$12345678901234567$" + std::string(86, 'h'),
      "$6$rounds=$" + kSha512Rest,
      "$6$rounds=99999999999999999999$" + kSha512Rest,
      "$6$rounds=5000x$" + kSha512Rest,
      std::string("$6$sa\0t$", 8) + std::string(86, 'h'),
      "$6$salt$" + std::string(85, 'h') + "\n",
  };
  for (const std::string& text : kTexts) EXPECT_FALSE(PasswordHash::Parse(text).ok()) << text;
}

TEST(PasswordFault, NamesWhatNoPasswordHas) {
  EXPECT_EQ(PasswordFault("correct horse \xc3\xa9"), "");
  EXPECT_EQ(PasswordFault(std::string(511, 'a')), "");
  EXPECT_EQ(PasswordFault(std::string(512, 'a')), "has more than 511 bytes");
  EXPECT_EQ(PasswordFault(""), "is empty");
  for (char c : {'\0', '\t', '\r', '\n', '\x1b', '\x7f'}) {
    EXPECT_EQ(PasswordFault(std::string("a") + c), "has a control character");
  }
}

}  // namespace
}  // namespace penstock::passwords
