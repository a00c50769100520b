#include "dataplane/http/headers.h"

#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace penstock::http {
namespace {

std::string Text(const Headers& headers) {
  std::string text;
  for (const Field& field : headers) text += std::string(field.name()) + "=" + std::string(field.value()) + ";";
  return text;
}

TEST(HeaderId, FindsEveryWellKnownNameAndNoOther) {
  for (int i = 1; i < static_cast<int>(HeaderId::kCount); ++i) {
    HeaderId id = static_cast<HeaderId>(i);
    std::string name(HeaderText(id));
    EXPECT_EQ(FindHeaderId(name), id) << name;
    EXPECT_EQ(FindHeaderId(name + "x"), HeaderId::kOther);
    EXPECT_EQ(FindHeaderId(name.substr(1)), HeaderId::kOther) << name;
  }
  for (const char* name : {"", "a", "x-", "accept", "x-forwarded-fox", "hosts"}) {
    EXPECT_EQ(FindHeaderId(name), HeaderId::kOther) << name;
  }
}

TEST(HeaderId, CountsAGatewaysWholeNamespaceAsOverride) {
  EXPECT_EQ(FlagsOf(HeaderId::kOther, "x-envoy-decorator-operation"), kOverride);
  EXPECT_EQ(FlagsOf(HeaderId::kOther, "x-penstock-anything"), kOverride);
  EXPECT_EQ(FlagsOf(HeaderId::kOther, "x-envoyage"), 0);
}

TEST(Headers, KnowsWhichWellKnownFieldIsThereOnce) {
  Headers headers;
  EXPECT_FALSE(headers.HasOne(HeaderId::kHost));
  headers.Add(HeaderId::kHost, "a");
  headers.Add(HeaderId::kCookie, "x");
  EXPECT_TRUE(headers.HasOne(HeaderId::kHost));
  headers.Add("host", "b");
  EXPECT_FALSE(headers.HasOne(HeaderId::kHost));
  EXPECT_TRUE(headers.HasOne(HeaderId::kCookie));
  headers.RemoveIf([](const Field& field) { return field.value() == "a"; });
  EXPECT_TRUE(headers.HasOne(HeaderId::kHost));
  headers.Set(HeaderId::kHost, "c");
  EXPECT_TRUE(headers.HasOne(HeaderId::kHost));
  headers.Add(HeaderId::kHost, "d");
  headers.Clear();
  headers.Add(HeaderId::kHost, "e");
  EXPECT_TRUE(headers.HasOne(HeaderId::kHost));
}

TEST(Headers, KeepsOrderAndRepeatedFields) {
  Headers headers;
  headers.Add("a", "1");
  headers.Add("cookie", "x");
  headers.Add("a", "2");
  EXPECT_EQ(Text(headers), "a=1;cookie=x;a=2;");
  EXPECT_EQ(headers.Count("a"), 2u);
  EXPECT_EQ(headers.Get("a"), "1");
  EXPECT_EQ(headers.Get("nothing"), "");
  EXPECT_TRUE(headers.Has(HeaderId::kCookie));
  EXPECT_FALSE(headers.Has(HeaderId::kHost));
}

TEST(Headers, SetReplacesTheFirstAndRemovesTheOthers) {
  Headers headers;
  headers.Add("a", "1");
  headers.Add("b", "2");
  headers.Add("a", "3");
  headers.Set("a", "4");
  EXPECT_EQ(Text(headers), "a=4;b=2;");
  headers.Set(HeaderId::kVia, "x");
  EXPECT_EQ(Text(headers), "a=4;b=2;via=x;");
}

TEST(Headers, ForgetsAWellKnownNameWithItsLastField) {
  Headers headers;
  headers.Add("te", "a");
  headers.Add("te", "b");
  headers.RemoveIf([](const Field& f) { return f.value() == "a"; });
  EXPECT_TRUE(headers.Has(HeaderId::kTe));
  EXPECT_EQ(headers.Remove("te"), 1u);
  EXPECT_FALSE(headers.Has(HeaderId::kTe));
  EXPECT_TRUE(headers.empty());
}

TEST(Headers, GrowsBeyondItsInlineRoom) {
  Headers headers;
  for (size_t i = 0; i < Headers::kInline * 3; ++i) headers.Add("a", "v");
  headers.Add("b", "last");
  EXPECT_EQ(headers.size(), Headers::kInline * 3 + 1);
  EXPECT_EQ(headers.Get("b"), "last");
  headers.Clear();
  EXPECT_TRUE(headers.empty());
  EXPECT_FALSE(headers.Has("a"));
}

TEST(ListHas, ReadsTokensInAnyCaseBetweenBlanks) {
  EXPECT_TRUE(ListHas(" Keep-Alive ,\tCLOSE", "close"));
  EXPECT_TRUE(ListHas(",,close,", "close"));
  EXPECT_FALSE(ListHas("closed, not-close", "close"));
  EXPECT_FALSE(ListHas("", "close"));
}

}  // namespace
}  // namespace penstock::http
