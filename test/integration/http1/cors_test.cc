// A CORS filter around a real upstream.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dataplane/base/strings.h"
#include "test/integration/http1/test_gateway.h"

namespace penstock::test {
namespace {

using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;

class CorsTest : public ::testing::Test {
 protected:
  CorsTest() {
    upstream.script.response =
        "HTTP/1.1 200 OK\r\nAccess-Control-Allow-Origin: *\r\nAccess-Control-Expose-Headers: X-All\r\n"
        "Content-Length: 2\r\n\r\nok";
  }

  void ServeWithFilters(const std::string& filters) {
    gateway.ServeShop(upstream.port(),
                      StrCat("rules { ", filters, " forward { clusters { cluster: 'up' weight: 1 } } }"));
  }

  std::string Get(const std::string& fields) {
    return gateway.Send(StrCat("GET / HTTP/1.1\r\nHost: a\r\n", fields, "Connection: close\r\n\r\n"));
  }

  TestGateway gateway;
  FakeUpstream upstream{gateway.reactor()};
};

constexpr char kShop[] = "filters { cors { allow_origins: 'https://shop.example' } } ";

TEST_F(CorsTest, LetsNoUpstreamGrantWhatTheFilterDoesNot) {
  ServeWithFilters(kShop);
  for (const char* fields : {"Origin: https://evil.example\r\n", ""}) {
    EXPECT_THAT(Get(fields), AllOf(HasSubstr("200 OK"), Not(HasSubstr("access-control-")), EndsWith("ok"))) << fields;
  }
  EXPECT_THAT(Get("Origin: https://shop.example\r\n"),
              AllOf(HasSubstr("access-control-allow-origin: https://shop.example\r\n"), Not(HasSubstr("X-All"))));
}

TEST_F(CorsTest, LeavesWhatAnotherFilterOfTheRuleWrites) {
  ServeWithFilters(
      StrCat(kShop, "filters { response_headers { set { name: 'access-control-expose-headers' value: 'X-A' } } }"));
  EXPECT_THAT(Get(""), HasSubstr("access-control-expose-headers: X-A\r\n"));
}

TEST_F(CorsTest, LeavesTheUpstreamsFieldsWhereThereIsNoFilter) {
  ServeWithFilters("");
  EXPECT_THAT(Get("Origin: https://evil.example\r\n"), HasSubstr("access-control-allow-origin: *\r\n"));
}

}  // namespace
}  // namespace penstock::test
