#include "dataplane/snapshot/revocation.h"

#include <gtest/gtest.h>

#include <set>

#include "dataplane/base/strings.h"
#include "google/protobuf/text_format.h"

namespace penstock::snapshot {
namespace {

CompiledRevocation Of(const std::string& text) {
  xds::v1::Revocation message;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString("name: 'n/r' " + text, &message));
  ProblemSink problems;
  std::shared_ptr<const CompiledRevocation> compiled = CompileRevocation(message, problems);
  EXPECT_EQ(problems.count(), 0u);
  return *compiled;
}

WallTime At(int64_t seconds) { return WallTime(std::chrono::seconds(seconds)); }

constexpr TokenFacts kToken{"https://auth", "t1", "u1", {}};

TEST(RevocationIndex, TakesBackATokenByItsId) {
  RevocationIndex index(7);
  EXPECT_EQ(index.Find(kToken), "");
  index.Add(Of("token_id: 't1' issuer: 'https://auth'"));
  EXPECT_EQ(index.Find(kToken), "the token is revoked");
  EXPECT_EQ(index.Find({"https://other", "t1", "u1", {}}), "");
  EXPECT_EQ(index.Find({"https://auth", "t2", "u1", {}}), "");
}

TEST(RevocationIndex, WithoutAnIssuerTakesBackThoseOfAll) {
  RevocationIndex index(7);
  index.Add(Of("subject: 'u1'"));
  EXPECT_EQ(index.Find(kToken), "the tokens of its subject are revoked");
  EXPECT_EQ(index.Find({"https://other", "", "u1", {}}), "the tokens of its subject are revoked");
}

TEST(RevocationIndex, TakesBackWhatWasIssuedBefore) {
  RevocationIndex index(7);
  index.Add(Of("issued_before_unix_ms: 100000 issuer: 'https://auth'"));
  TokenFacts token = kToken;
  EXPECT_NE(index.Find(token), "");  // it does not say when
  token.issued = At(99);
  EXPECT_NE(index.Find(token), "");
  token.issued = At(100);
  EXPECT_EQ(index.Find(token), "");
  index.Add(Of("issued_before_unix_ms: 200000 issuer: 'https://auth'"));
  EXPECT_NE(index.Find(token), "");
  index.Remove(Of("issued_before_unix_ms: 200000 issuer: 'https://auth'"));
  EXPECT_EQ(index.Find(token), "");
}

TEST(RevocationIndex, ForgetsARevocationOnlyWithTheLastThatSaysIt) {
  RevocationIndex index(7);
  index.Add(Of("token_id: 't1'"));
  index.Add(Of("token_id: 't1'"));
  index.Remove(Of("token_id: 't1'"));
  EXPECT_NE(index.Find(kToken), "");
  index.Remove(Of("token_id: 't1'"));
  EXPECT_EQ(index.Find(kToken), "");
  EXPECT_EQ(index.size(), 0u);
}

// An issuer or subject that holds what stands between them is no other one.
TEST(RevocationIndex, KeepsIssuerAndValueApart) {
  RevocationIndex index(7);
  index.Add(Of("subject: 'b' issuer: 'a'"));
  using namespace std::string_view_literals;
  EXPECT_EQ(index.Find({"", "", "a\0b"sv, {}}), "");
  EXPECT_EQ(index.Find({"a\0b"sv, "", "", {}}), "");
}

TEST(RevocationIndex, FindsOneOfManyAndLeavesCopiesAlone) {
  RevocationIndex index(7);
  for (int i = 0; i < 10'000; ++i) index.Add(Of(StrCat("token_id: 'x", i, "'")));
  RevocationIndex before = index;
  index.Add(Of("token_id: 't1'"));
  EXPECT_NE(index.Find(kToken), "");
  EXPECT_EQ(before.Find(kToken), "");
  EXPECT_NE(before.Find({"", "x4711", "", {}}), "");
}

TEST(CompileRevocation, RefusesWhatItDoesNotKnow) {
  xds::v1::Revocation message;
  message.set_name("n/r");
  ProblemSink problems;
  CompileRevocation(message, problems);
  EXPECT_EQ(problems.count(), 1u);
}

TEST(RevocationIndex, HasAnotherVersionForWhateverElseIsTakenBack) {
  RevocationIndex index(7);
  std::set<uint64_t> versions{index.version()};
  auto differs = [&] { return versions.insert(index.version()).second; };
  CompiledRevocation token = Of("token_id: 't1'");
  index.Add(token);
  EXPECT_TRUE(differs());
  index.Add(Of("subject: 't1'"));
  EXPECT_TRUE(differs());
  index.Add(Of("issuer: 'https://auth' issued_before_unix_ms: 1000"));
  EXPECT_TRUE(differs());
  index.Add(Of("issuer: 'https://auth' issued_before_unix_ms: 2000"));
  EXPECT_TRUE(differs());
  index.Remove(token);
  EXPECT_TRUE(differs());
}

TEST(RevocationIndex, HasTheVersionOfItsContentsHoweverItCameByThem) {
  RevocationIndex one(7), other(7);
  CompiledRevocation token = Of("token_id: 't1'"), subject = Of("subject: 'u1'");
  one.Add(token);
  one.Add(subject);
  other.Add(subject);
  other.Add(token);
  EXPECT_EQ(one.version(), other.version());
  one.Remove(subject);
  other.Remove(subject);
  EXPECT_EQ(one.version(), other.version());
}

}  // namespace
}  // namespace penstock::snapshot
