#include "controlplane/vault/vault.h"

#include <gtest/gtest.h>

#include <utility>

namespace penstock::vault {
namespace {

constexpr char kName[] = "Secret shop/cert";

Key KeyOf(char c) { return Key(std::string(Key::kBytes, c)); }

template <typename... Keys>
Vault VaultOf(Keys... keys) {
  std::vector<Key> all;
  (all.push_back(std::move(keys)), ...);
  return Vault(std::move(all), "/etc/store.key");
}

TEST(Vault, OpensWhatItSealed) {
  const Vault vault = VaultOf(KeyOf('a'));
  for (const std::string& value :
       {std::string(), std::string("s3cret"), std::string("\0\xff\0", 3), std::string(1 << 20, 'x')}) {
    const std::string sealed = vault.Seal(value, kName);
    EXPECT_EQ(sealed.size(), value.size() + Vault::kOverhead);
    EXPECT_EQ(vault.Open(sealed, kName).value(), value);
  }
}

TEST(Vault, ShowsNothingOfAValueNotEvenThatItIsTheSame) {
  const Vault vault = VaultOf(KeyOf('a'));
  const std::string first = vault.Seal("s3cret-value", kName);
  const std::string second = vault.Seal("s3cret-value", kName);
  EXPECT_EQ(first.find("s3cret"), std::string::npos);
  EXPECT_NE(first.substr(Vault::kHeaderBytes), second.substr(Vault::kHeaderBytes));
  EXPECT_EQ(first.substr(0, Vault::kHeaderBytes), second.substr(0, Vault::kHeaderBytes));
}

TEST(Vault, OpensNothingOfWhichOneBitWasChanged) {
  const Vault vault = VaultOf(KeyOf('a'));
  const std::string sealed = vault.Seal("value", kName);
  for (size_t at = 0; at < sealed.size(); ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string changed = sealed;
      changed[at] = static_cast<char>(changed[at] ^ (1 << bit));
      const absl::Status status = vault.Open(changed, kName).status();
      // The version and the id of the key say that it is of somebody else; the rest that it is not what was sealed.
      const bool foreign = at >= 4 && at < Vault::kHeaderBytes;
      EXPECT_EQ(status.code(), foreign ? absl::StatusCode::kFailedPrecondition : absl::StatusCode::kDataLoss) << at;
    }
  }
}

TEST(Vault, OpensNothingThatIsShorterOrLonger) {
  const Vault vault = VaultOf(KeyOf('a'));
  const std::string sealed = vault.Seal("value", kName);
  for (size_t size = 0; size < sealed.size(); ++size) EXPECT_FALSE(vault.Open(sealed.substr(0, size), kName).ok());
  EXPECT_FALSE(vault.Open(sealed + '\0', kName).ok());
}

TEST(Vault, OpensAValueUnderItsOwnNameOnly) {
  const Vault vault = VaultOf(KeyOf('a'));
  const std::string sealed = vault.Seal("value", kName);
  for (const char* other : {"", "Secret shop/cer", "Secret shop/cert2", "Secret shoq/cert"}) {
    EXPECT_EQ(vault.Open(sealed, other).status().code(), absl::StatusCode::kDataLoss) << other;
  }
}

TEST(Vault, SaysOfAKeyThatIsMissingWhichItIsAndWhatToDo) {
  const std::string sealed = VaultOf(KeyOf('a')).Seal("value", kName);
  EXPECT_EQ(VaultOf(KeyOf('b')).Open(sealed, kName).status(),
            absl::FailedPreconditionError("is sealed with key " + ToString(KeyOf('a').id()) +
                                          ", which is not in /etc/store.key: start with the key file that was used, "
                                          "or restore it"));
}

TEST(Vault, SealsWithTheFirstKeyAndOpensWithAll) {
  const std::string old = VaultOf(KeyOf('a')).Seal("value", kName);
  const Vault both = VaultOf(KeyOf('b'), KeyOf('a'));
  EXPECT_EQ(both.Open(old, kName).value(), "value");
  const std::string anew = both.Seal("value", kName);
  EXPECT_EQ(SealedWith(anew), KeyOf('b').id());
  EXPECT_EQ(VaultOf(KeyOf('b')).Open(anew, kName).value(), "value");
  EXPECT_FALSE(VaultOf(KeyOf('a')).Open(anew, kName).ok());
  EXPECT_TRUE(both.Opens(KeyOf('a').id()));
  EXPECT_FALSE(both.Opens(KeyOf('c').id()));
}

TEST(Vault, TellsTheKeyOfASealedValueFromItsHeader) {
  const std::string sealed = VaultOf(KeyOf('a')).Seal("value", kName);
  EXPECT_EQ(SealedWith(sealed.substr(0, Vault::kHeaderBytes)), KeyOf('a').id());
  EXPECT_EQ(SealedWith(sealed.substr(0, Vault::kHeaderBytes - 1)), std::nullopt);
  EXPECT_EQ(SealedWith("\x0a\x02v1"), std::nullopt);
  EXPECT_TRUE(IsSealed(sealed));
  EXPECT_FALSE(IsSealed("\x0a\x02v1"));
  EXPECT_FALSE(IsSealed(""));
}

TEST(Vault, DoesNotGuessAtALaterVersion) {
  const Vault vault = VaultOf(KeyOf('a'));
  std::string sealed = vault.Seal("value", kName);
  sealed[4] = 2;
  const absl::Status status = vault.Open(sealed, kName).status();
  EXPECT_NE(status.message().find("start the newer one"), std::string::npos) << status;
}

// `printf 'a%.0s' {1..32} | sha256sum`
TEST(Key, IsNamedByTheFirstBytesOfItsDigest) { EXPECT_EQ(ToString(KeyOf('a').id()), "3ba3f5f43b926026"); }

TEST(Key, IsGoneWhereItWasMovedFrom) {
  Key from = KeyOf('a');
  const Key to = std::move(from);
  EXPECT_EQ(to.bytes(), KeyOf('a').bytes());
  EXPECT_EQ(from.bytes(), KeyOf('\0').bytes());  // NOLINT: what is left of it is the question
}

}  // namespace
}  // namespace penstock::vault
