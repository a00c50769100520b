#include "dataplane/snapshot/credential.h"

#include <gtest/gtest.h>

#include "google/protobuf/text_format.h"

namespace penstock::snapshot {
namespace {

std::shared_ptr<const CompiledCredential> Of(const std::string& text) {
  xds::v1::Credential message;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &message));
  ProblemSink problems;
  auto compiled = CompileCredential(message, problems);
  EXPECT_EQ(problems.count(), 0u) << text;
  return compiled;
}

const std::string kHash(32, 'h');
constexpr WallTime kNow{std::chrono::seconds(1000)};

TEST(CredentialIndex, KnowsAConsumerByEachOfHisCredentials) {
  CredentialIndex index(7);
  EXPECT_EQ(index.Find(CredentialKind::kApiKey, kHash, kNow).name, "");
  index.Add(Of("name: 'a' consumer: 'n/app' plan: 'gold' api_key_sha256: '" + kHash + "'"));
  index.Add(Of("name: 'b' consumer: 'n/app' plan: 'gold' token { issuer: 'i' subject: 's' }"));
  index.Add(Of("name: 'c' consumer: 'n/robot' certificate: 'spiffe://robot'"));
  EXPECT_EQ(index.Find(CredentialKind::kApiKey, kHash, kNow).name, "n/app");
  EXPECT_EQ(index.Find(CredentialKind::kApiKey, kHash, kNow).plan, "gold");
  using namespace std::string_view_literals;
  EXPECT_EQ(index.Find(CredentialKind::kToken, "i\0s"sv, kNow).name, "n/app");
  EXPECT_EQ(index.Find(CredentialKind::kCertificate, "spiffe://robot", kNow).name, "n/robot");
  EXPECT_EQ(index.Find(CredentialKind::kCertificate, kHash, kNow).name, "");
  index.Add(Of("name: 'd' consumer: 'n/people' user { namespace: 'n' name: 'ada' }"));
  EXPECT_EQ(index.Find(CredentialKind::kUser, "n\0ada"sv, kNow).name, "n/people");
  EXPECT_EQ(index.Find(CredentialKind::kUser, "m\0ada"sv, kNow).name, "") << "somebody else's file";
}

TEST(CredentialIndex, KnowsNobodyByWhatHasExpiredOrGone) {
  CredentialIndex index(7);
  auto key = Of("name: 'a' consumer: 'n/app' expires_unix_ms: 1000000 api_key_sha256: '" + kHash + "'");
  index.Add(key);
  EXPECT_EQ(index.Find(CredentialKind::kApiKey, kHash, kNow - std::chrono::seconds(1)).name, "n/app");
  EXPECT_EQ(index.Find(CredentialKind::kApiKey, kHash, kNow).name, "");
  CredentialIndex before = index;
  index.Remove(*key);
  EXPECT_EQ(index.Find(CredentialKind::kApiKey, kHash, kNow - std::chrono::seconds(1)).name, "");
  EXPECT_EQ(before.Find(CredentialKind::kApiKey, kHash, kNow - std::chrono::seconds(1)).name, "n/app");
}

// 9999-12-31, which 64 bits of nanoseconds cannot say.
TEST(CredentialIndex, KnowsForeverWhatExpiresBeyondTheYearsOfTheClock) {
  CredentialIndex index(7);
  index.Add(Of("name: 'a' consumer: 'n/app' expires_unix_ms: 253402214400000 api_key_sha256: '" + kHash + "'"));
  EXPECT_EQ(index.Find(CredentialKind::kApiKey, kHash, kNow).name, "n/app");
}

TEST(CompileCredential, RefusesWhatKnowsNobody) {
  for (const char* text :
       {"name: 'a' api_key_sha256: 'short' consumer: 'c'", "name: 'a' consumer: 'c'",
        "name: 'a' consumer: 'c' token { issuer: 'i' }", "name: 'a' consumer: 'c' user { name: 'ada' }",
        "name: 'a' consumer: 'c' user { namespace: 'n' }", "name: 'a' certificate: 'c'"}) {
    xds::v1::Credential message;
    ASSERT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &message));
    ProblemSink problems;
    CompileCredential(message, problems);
    EXPECT_EQ(problems.count(), 1u) << text;
  }
}

}  // namespace
}  // namespace penstock::snapshot
