#include "dataplane/policies/headers/header_ops.h"

#include <gtest/gtest.h>

#include <string>

namespace penstock::policies {
namespace {

std::string Text(const http::Headers& headers) {
  std::string text;
  for (const http::Field& field : headers) {
    text += std::string(field.name()) + ": " + std::string(field.value()) + "\n";
  }
  return text;
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
  std::string field;
  ASSERT_TRUE(CompileHeaderOps(config, ops, field).ok());
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
    std::string field;
    EXPECT_FALSE(CompileHeaderOps(config, ops, field).ok()) << name;
    EXPECT_EQ(field, "set[0].name");
  }
}

TEST(HeaderOps, RefusesWhatWouldEndTheField) {
  for (const char* value : {"a\r\nb: c", "a\nb", " a", "a\t", "a\x7f"}) {
    xds::v1::HeaderOps config;
    config.add_add()->set_name("x");
    auto* add = config.add_add();
    add->set_name("x-a");
    add->set_value(value);
    HeaderOps ops;
    std::string field;
    EXPECT_FALSE(CompileHeaderOps(config, ops, field).ok()) << value;
    EXPECT_EQ(field, "add[1].value");
  }
}

}  // namespace
}  // namespace penstock::policies
