#include "dataplane/policies/external_auth/external_auth_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "google/protobuf/text_format.h"

namespace penstock::policies {
namespace {

using ::testing::HasSubstr;

auto Compile(const std::string& text) {
  xds::v1::ExternalAuth message;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &message)) << text;
  return ExternalAuthConfig::Compile(message);
}

TEST(ExternalAuthConfig, RefusesWhatCannotBeMeant) {
  for (const char* text :
       {"path: 'x'", "path: '/a b'", "timeout { }", "timeout { seconds: 60 }", "backend_headers: 'host'",
        "backend_headers: 'X-A'", "request_headers: 'a b'", "protocol: GRPC path: '/x'",
        "context_extensions { key: 'a' }", "protocol: GRPC context_extensions { value: 'a' }",
        "protocol: GRPC context_extensions { key: 'a' } context_extensions { key: 'a' }"}) {
    EXPECT_FALSE(Compile(text).ok()) << text;
  }
}

TEST(ExternalAuthConfig, KeepsAnswersOnlyByFieldsThatAreNamed) {
  EXPECT_THAT(Compile("cache_ttl { seconds: 5 }").status().ToString(), HasSubstr("request_headers"));
  for (const char* name : {"x-request-id", "traceparent"}) {
    EXPECT_THAT(Compile(std::string("cache_ttl { seconds: 5 } request_headers: '") + name + "'").status().ToString(),
                HasSubstr(name));
  }
  EXPECT_FALSE(Compile("cache_ttl { seconds: 3601 } request_headers: 'cookie'").ok());
  EXPECT_FALSE(Compile("cache_ttl { seconds: -1 } request_headers: 'cookie'").ok());
  EXPECT_TRUE(Compile("cache_ttl { }").ok());
  EXPECT_EQ((*Compile("cache_ttl { seconds: 5 } request_headers: 'cookie'"))->keep(), std::chrono::seconds(5));
}

TEST(ExternalAuthConfig, SaysWhomItAsksAndHow) {
  EXPECT_EQ((*Compile("cluster: 'auth' path: '/check'"))->Describe(), "asks auth at /check");
  EXPECT_EQ((*Compile("cluster: 'auth' protocol: GRPC request_headers: 'cookie' cache_ttl { seconds: 5 } "
                      "fail_open: true"))
                ->Describe(),
            "asks auth in gRPC; keeps its answers for 5s; lets everybody in while it is away");
}

}  // namespace
}  // namespace penstock::policies
