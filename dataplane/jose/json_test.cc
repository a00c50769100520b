#include "dataplane/jose/json.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <vector>

namespace penstock::jose {
namespace {

Json Parsed(std::string_view text) {
  StatusOr<Json> json = Json::Parse(text);
  EXPECT_TRUE(json.ok()) << text << ": " << json.status();
  return json.ok() ? *json : *Json::Parse("null");
}

std::string ErrorOf(std::string_view text, const JsonLimits& limits = kTokenJson) {
  return std::string(Json::Parse(text, limits).status().message());
}

TEST(Json, ReadsEveryKind) {
  Json json = Parsed(R"( {"n":null, "t":true,"f":false,"i":-12,"d":1.50e2,"s":"x","a":[1,[],{}],"o":{"k":"v"}} )");
  JsonValue root = json.root();
  EXPECT_EQ(root.size(), 8u);
  EXPECT_EQ(root.Find("n")->kind(), JsonKind::kNull);
  EXPECT_EQ(root.Find("t")->boolean(), true);
  EXPECT_EQ(root.Find("f")->boolean(), false);
  EXPECT_EQ(root.Find("i")->integer(), -12);
  EXPECT_EQ(root.Find("i")->number(), -12.0);
  EXPECT_EQ(root.Find("d")->number(), 150.0);
  EXPECT_EQ(root.Find("d")->integer(), std::nullopt);
  EXPECT_EQ(root.Find("s")->string(), "x");
  EXPECT_EQ(root.Find("a")->size(), 3u);
  EXPECT_EQ(root.FindPath("o.k")->string(), "v");
  EXPECT_EQ(root.Find("x"), std::nullopt);
  EXPECT_EQ(root.Find("i")->string(), std::nullopt);
  EXPECT_EQ(root.Find("s")->number(), std::nullopt);
}

TEST(Json, GivesTheTextOfScalarsAndWhatElseWasWritten) {
  Json json = Parsed(R"({"n":null,"t":true,"d":1.50,"s":"a\nb","a":[1, 2],"o":{"k" :"v"}})");
  std::vector<std::string_view> texts;
  for (JsonValue member : json.root().children()) texts.push_back(member.text());
  EXPECT_EQ(texts, (std::vector<std::string_view>{"null", "true", "1.50", "a\nb", "[1, 2]", R"({"k" :"v"})"}));
}

TEST(Json, GoesThroughChildrenInTheirOrder) {
  Json json = Parsed(R"({"z":[[1,2],{"a":3},"x"],"a":1})");
  std::string names;
  for (JsonValue member : json.root().children()) names += member.name();
  EXPECT_EQ(names, "za");
  std::string elements;
  for (JsonValue element : json.root().Find("z")->children()) elements += std::string(element.text()) + ";";
  EXPECT_EQ(elements, R"([1,2];{"a":3};x;)");
  JsonValue scalar = *json.root().Find("a");
  EXPECT_TRUE(scalar.children().begin() == scalar.children().end());
}

TEST(Json, FindsByPathTheShortestNamesThatExist) {
  Json json =
      Parsed(R"({"realm_access":{"roles":["a"]},"realm_access.roles":"other","https://a.test/x.y":{"z":1},"":{"":2}})");
  EXPECT_TRUE(json.root().FindPath("realm_access.roles")->is_array());
  EXPECT_EQ(json.root().FindPath("https://a.test/x.y.z")->integer(), 1);
  EXPECT_EQ(json.root().FindPath("realm_access.groups"), std::nullopt);
  EXPECT_EQ(json.root().FindPath("realm_access.roles.a"), std::nullopt);
  EXPECT_EQ(json.root().FindPath(".")->integer(), 2);
}

TEST(Json, IsSharedByItsCopies) {
  std::optional<JsonValue> value;
  std::optional<Json> copy;
  {
    Json json = Parsed(R"({"a":"b"})");
    value = json.root().Find("a");
    copy = json;
  }
  EXPECT_EQ(value->text(), "b");
}

TEST(Json, KeepsIntegersOf64BitsAndTheRestAsDoubles) {
  Json json =
      Parsed("[9223372036854775807,-9223372036854775808,9223372036854775808,123456789012345678901234567890,1e3,-0]");
  std::vector<JsonValue> values;
  for (JsonValue value : json.root().children()) values.push_back(value);
  EXPECT_EQ(values[0].integer(), std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(values[1].integer(), std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(values[2].integer(), std::nullopt);
  EXPECT_EQ(values[2].number(), 9223372036854775808.0);
  EXPECT_EQ(values[3].number(), 123456789012345678901234567890.0);
  EXPECT_EQ(values[3].text(), "123456789012345678901234567890");
  EXPECT_EQ(values[4].number(), 1000.0);
  EXPECT_EQ(values[5].integer(), 0);
}

TEST(Json, DecodesEscapes) {
  EXPECT_EQ(Parsed(R"("\"\\\/\b\f\n\r\t")").root().text(), "\"\\/\b\f\n\r\t");
  EXPECT_EQ(Parsed(R"("\u0041\u00e9\u20AC\ud83d\uDE00x")").root().text(), "A\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80x");
  EXPECT_EQ(Parsed(R"("a\u0000b")").root().text(), std::string_view("a\0b", 3));
  EXPECT_EQ(Parsed(R"({"\u0061":"\u0062","c":"d"})").root().Find("a")->text(), "b");
}

TEST(Json, RefusesAMemberNameTwice) {
  EXPECT_EQ(ErrorOf(R"({"alg":1,"b":2,"alg":3})"), "JSON: a member name twice");
  EXPECT_EQ(ErrorOf(R"({"alg":1,"\u0061lg":3})"), "JSON: a member name twice");
  EXPECT_EQ(ErrorOf(R"({"x":[{"a":1,"a":1}]})"), "JSON: a member name twice");
  EXPECT_EQ(ErrorOf(R"({"a":{"a":1},"b":{"a":1},"A":0})"), "");
}

TEST(Json, RefusesWhatIsNotUtf8) {
  for (const char* bytes : {"\x80", "\xc3", "\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xff", "\xe2\x82"}) {
    EXPECT_EQ(ErrorOf(std::string("[\"") + bytes + "\"]"), "JSON: not UTF-8");
  }
  EXPECT_NE(ErrorOf("\xef\xbb\xbf[]"), "") << "a byte order mark";
}

TEST(Json, RefusesHalvesOfSurrogatePairs) {
  for (const char* text : {R"("\ud83d")", R"("\ude00")", R"("\ud83dx")", R"("\ud83d\n")", R"("\ud83d\u0041")",
                           R"("\ude00\ud83d")", R"("\ud83d\ud83d")"}) {
    EXPECT_EQ(ErrorOf(text), "JSON: half a surrogate pair") << text;
  }
}

TEST(Json, RefusesWhatRfc8259DoesNotKnow) {
  for (const char* text :
       {"",           " ",         "{",         "[",           "\"",          "\"a",     "tru",      "nul",
        "True",       "NaN",       "Infinity",  "-",           "-Infinity",   "+1",      "01",       "-01",
        "1.",         ".5",        "1e",        "1e+",         "0x10",        "1_000",   "[1,]",     "[,1]",
        "[1 2]",      "{,}",       "{\"a\"}",   "{\"a\":}",    "{\"a\":1,}",  "{a:1}",   "{'a':1}",  "{1:1}",
        "'a'",        "\"\\x41\"", "\"\\u12\"", "\"\\u12g4\"", "\"\\u-123\"", "\"\\",    "\"a\nb\"", "\"a\tb\"",
        "[1}",        "{\"a\":1]", "[]]",       "1 2",         "{}x",         "// c\n1", "/**/1",    "\f1",
        "\xc2\xa0 1", "[1]\x01"}) {
    EXPECT_NE(ErrorOf(text), "") << text;
  }
  EXPECT_NE(ErrorOf(std::string_view("[]\0", 3)), "");
  EXPECT_NE(ErrorOf(std::string_view("\0[]", 3)), "");
  EXPECT_NE(ErrorOf(std::string_view("\"a\0b\"", 5)), "");
}

TEST(Json, RefusesNumbersThatNoDoubleHolds) {
  EXPECT_EQ(ErrorOf("1e999"), "JSON: a number that no double holds");
  EXPECT_EQ(ErrorOf("[-1e999]"), "JSON: a number that no double holds");
  EXPECT_EQ(ErrorOf(std::string(400, '9')), "JSON: a number that no double holds");
  EXPECT_EQ(ErrorOf("1e308"), "");
}

TEST(Json, HasLimits) {
  auto nested = [](int depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  EXPECT_EQ(ErrorOf(nested(32)), "");
  EXPECT_EQ(ErrorOf(nested(33)), "JSON: deeper than allowed");
  EXPECT_EQ(ErrorOf(nested(8000)), "JSON: deeper than allowed");
  EXPECT_EQ(ErrorOf("[[1]]", {.max_depth = 1}), "JSON: deeper than allowed");
  EXPECT_EQ(ErrorOf("[1,2,3]", {.max_values = 4}), "");
  EXPECT_EQ(ErrorOf("[1,2,3]", {.max_values = 3}), "JSON: more values than allowed");
  EXPECT_EQ(ErrorOf("[1]", {.max_bytes = 3}), "");
  EXPECT_EQ(ErrorOf("[1] ", {.max_bytes = 3}), "JSON: longer than allowed");
}

}  // namespace
}  // namespace penstock::jose
