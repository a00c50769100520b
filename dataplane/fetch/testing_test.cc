#include "dataplane/fetch/testing.h"

#include <gtest/gtest.h>

namespace penstock::fetch {
namespace {

constexpr char kUri[] = "https://idp.example/keys";

TEST(FakeFetcher, GivesTheDocumentThatTheTestSets) {
  FakeClock clock;
  FakeFetcher fetcher(clock);
  StatusOr<std::shared_ptr<Document>> document = fetcher.Open({.uri = kUri, .authorities = ""});
  ASSERT_TRUE(document.ok());
  EXPECT_EQ((*document)->Latest().body, nullptr);
  EXPECT_EQ((*document)->version(), 0u);
  EXPECT_TRUE((*document)->Pending());

  fetcher.At(kUri)->Set("one");
  EXPECT_EQ(*(*document)->Latest().body, "one");
  EXPECT_EQ((*document)->Latest().at, clock.Now());
  EXPECT_EQ((*document)->version(), 1u);
  EXPECT_FALSE((*document)->Pending());

  fetcher.At(kUri)->Set("one");
  EXPECT_EQ((*document)->version(), 1u);
  fetcher.At(kUri)->SetProblem("idp.example: answered 503");
  EXPECT_EQ((*document)->Problem(), "idp.example: answered 503");
  EXPECT_EQ(*(*document)->Latest().body, "one");
  fetcher.At(kUri)->Set("two");
  EXPECT_EQ((*document)->version(), 2u);
  EXPECT_EQ((*document)->Problem(), "");
}

TEST(FakeFetcher, CountsRenewals) {
  FakeFetcher fetcher;
  const std::shared_ptr<FakeDocument>& document = fetcher.At(kUri);
  document->Set("one");
  EXPECT_TRUE(document->Renew());
  EXPECT_TRUE(document->Pending());
  document->OnRenew([](FakeDocument& renewed) { renewed.Set("two"); });
  EXPECT_TRUE(document->Renew());
  EXPECT_FALSE(document->Pending());
  EXPECT_EQ(*document->Latest().body, "two");
  document->SetRenewable(false);
  EXPECT_FALSE(document->Renew());
  EXPECT_EQ(document->renewals(), 3);
}

TEST(FakeFetcher, RefusesWhatARealOneRefuses) {
  FakeFetcher fetcher;
  EXPECT_TRUE(absl::IsInvalidArgument(fetcher.Open({.uri = "http://idp.example/", .authorities = ""}).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(fetcher.Open({.uri = "idp.example", .authorities = ""}).status()));
  EXPECT_EQ(fetcher.opened(), 0);
}

TEST(Request, IsIdentifiedByAllThatItSays) {
  const Request plain{.uri = kUri, .authorities = ""};
  std::vector<Request> others(5, plain);
  others[0].uri += "2";
  others[1].refresh += std::chrono::nanoseconds(1);
  others[2].allow_private_addresses = true;
  others[3].authorities = "2";
  others[4].max_bytes = 7;
  EXPECT_EQ(Request(plain).Identity(), plain.Identity());
  for (const Request& other : others) EXPECT_NE(other.Identity(), plain.Identity());
  EXPECT_NE(others[0].Identity(), others[3].Identity());
}

}  // namespace
}  // namespace penstock::fetch
