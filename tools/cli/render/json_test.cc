#include "tools/cli/render/json.h"

#include <gtest/gtest.h>

#include <sstream>

#include "api/management/v1/management.pb.h"

namespace penstock::cli {
namespace {

TEST(Json, WritesNumbersNamesAndTimesAsPeopleExpectThem) {
  management::v1::FleetStatus fleet;
  fleet.set_generation(42);
  fleet.mutable_started()->set_seconds(0);
  auto& group = *fleet.add_groups();
  group.set_group("edge");
  group.mutable_lag_p99()->set_nanos(1'500'000);
  Json json = ToJson(fleet);
  EXPECT_EQ(json["generation"], 42);
  EXPECT_EQ(json["started"], "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(json["groups"][0]["lagP99"], "0.0015s");
  EXPECT_EQ(json["groups"][0]["nacks"], 0);
  EXPECT_TRUE(json["replicas"].is_array());
}

TEST(Json, WritesEnumsInLowerCase) {
  management::v1::Finding finding;
  finding.set_severity(management::v1::Finding::WARNING);
  EXPECT_EQ(ToJson(finding)["severity"], "warning");
}

TEST(Json, BeginsADocumentWithItsVersionAndKind) {
  EXPECT_EQ(Document("History", {{"a", 1}}).dump(), R"({"apiVersion":"cli.penstock.dev/v1","kind":"History","a":1})");
}

struct YamlCase {
  const char* json;
  const char* yaml;
};

class Yaml : public testing::TestWithParam<YamlCase> {};

TEST_P(Yaml, IsWrittenInBlockStyle) {
  Json json;
  ASSERT_TRUE(ParseJson(GetParam().json, json));
  EXPECT_EQ(ToYaml(json), GetParam().yaml);
}

INSTANTIATE_TEST_SUITE_P(Cases, Yaml,
                         testing::Values(YamlCase{R"({"b":1,"a":"x"})", "b: 1\na: x\n"},
                                         YamlCase{R"({"a":[1,2]})", "a:\n- 1\n- 2\n"},
                                         YamlCase{R"({"a":[{"b":1,"c":2}]})", "a:\n- b: 1\n  c: 2\n"},
                                         YamlCase{R"({"a":[[1]]})", "a:\n- - 1\n"},
                                         YamlCase{R"({"a":{},"b":[],"c":null})", "a: {}\nb: []\nc: null\n"},
                                         YamlCase{R"({"a":{"b":{"c":true}}})", "a:\n  b:\n    c: true\n"},
                                         YamlCase{R"(["x"])", "- x\n"}));

class YamlText : public testing::TestWithParam<const char*> {};

TEST_P(YamlText, IsQuotedWhereYamlWouldReadSomethingElse) {
  Json json = Json::object({{"a", GetParam()}});
  std::string yaml = ToYaml(json);
  EXPECT_EQ(yaml, "a: " + Json(GetParam()).dump() + "\n");
}

INSTANTIATE_TEST_SUITE_P(Cases, YamlText,
                         testing::Values("", "true", "No", "null", "1", "1.5", "0x10", "1e3", "*", "*.shop.example",
                                         "- a", "a: b", "a #b", "{a}", "[a]", "@x", " a", "a ", "a:", "line\nbreak",
                                         "2026-01-01", "'a'"));

TEST(YamlText, StaysPlainWhereItCan) {
  EXPECT_EQ(ToYaml(Json::object({{"a", "/products"}})), "a: /products\n");
  EXPECT_EQ(ToYaml(Json::object({{"a", "shop.example"}})), "a: shop.example\n");
  EXPECT_EQ(ToYaml(Json::object({{"a", "x=y, z"}})), "a: x=y, z\n");
}

TEST(Json, IsUtf8AndShowsATerminalNothingItWouldObey) {
  std::ostringstream out, err;
  Console console(out, err, {.format = Format::kJson});
  PrintDocument(console, {{"a",
                           "\xC2\x9B"
                           "2J\x7F caf\xE9 \xC3\xA9"}});
  EXPECT_EQ(out.str(), "{\n  \"a\": \"\\u009b2J\\u007f caf\xEF\xBF\xBD \xC3\xA9\"\n}\n");
  EXPECT_EQ(ToYaml({{"a", "\xC2\x9B"}}), "a: \"\\u009b\"\n");
}

}  // namespace
}  // namespace penstock::cli
