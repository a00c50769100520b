#include "dataplane/policies/headers/header_ops.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace penstock::policies {
namespace {

using ::testing::ElementsAre;

std::string Text(const http::Headers& headers) {
  std::string text;
  for (const http::Field& field : headers) {
    text += std::string(field.name()) + ": " + std::string(field.value()) + "\n";
  }
  return text;
}

std::vector<std::string> FieldsRefused(const xds::v1::HeaderOps& config, HeaderOps& ops) {
  std::vector<std::string> fields;
  for (const HeaderOpsProblem& problem : CompileHeaderOps(config, ops)) fields.push_back(problem.field);
  return fields;
}

TEST(HeaderOps, SetsThenAddsThenRemoves) {
  xds::v1::HeaderOps config;
  config.add_remove("X-Gone");
  auto* add = config.add_add();
  add->set_name("x-more");
  add->set_value("2");
  auto* set = config.add_set();
  set->set_name("X-Env");
  set->set_value("prod");
  HeaderOps ops;
  ASSERT_THAT(FieldsRefused(config, ops), ElementsAre());
  http::Headers headers;
  headers.Add("x-env", "dev");
  headers.Add("x-more", "1");
  headers.Add("x-gone", "yes");
  headers.Add("x-env", "test");
  ApplyHeaderOps(ops, headers);
  EXPECT_EQ(Text(headers), "x-env: prod\nx-more: 1\nx-more: 2\n");
}

TEST(HeaderOps, RefusesFramingHopByHopAndHost) {
  for (const char* name :
       {"Content-Length", "transfer-encoding", "Connection", "te", "upgrade", "Host", "keep-alive"}) {
    xds::v1::HeaderOps config;
    config.add_set()->set_name(name);
    HeaderOps ops;
    EXPECT_THAT(FieldsRefused(config, ops), ElementsAre("set[0].name")) << name;
    EXPECT_TRUE(ops.empty());
  }
}

TEST(HeaderOps, TellsAllThatIsWrongAtOnce) {
  xds::v1::HeaderOps config;
  for (const char* name : {"content-length", "x-good", "transfer-encoding"}) config.add_set()->set_name(name);
  auto* add = config.add_add();
  add->set_name("a b");
  add->set_value(" c");
  config.add_remove("connection");
  HeaderOps ops;
  EXPECT_THAT(FieldsRefused(config, ops),
              ElementsAre("set[0].name", "set[2].name", "add[0].name", "add[0].value", "remove[0]"));
  EXPECT_EQ(ops.size(), 1u);
}

TEST(HeaderOps, RefusesWhatWouldEndTheField) {
  for (const char* value : {"a\r\nb: c", "a\nb", " a", "a\t", "a\x7f"}) {
    xds::v1::HeaderOps config;
    config.add_add()->set_name("x");
    auto* add = config.add_add();
    add->set_name("x-a");
    add->set_value(value);
    HeaderOps ops;
    EXPECT_THAT(FieldsRefused(config, ops), ElementsAre("add[1].value")) << value;
  }
}

}  // namespace
}  // namespace penstock::policies
