#include "dataplane/fetch/uri.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace penstock::fetch {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(FetchUri, IsSplitIntoWhatAFetchNeeds) {
  struct Case {
    std::string_view text;
    bool tls;
    std::string host;
    std::uint16_t port;
    std::string authority;
    std::string target;
  };
  const Case cases[] = {
      {"https://idp.example/keys", true, "idp.example", 443, "idp.example", "/keys"},
      {"https://IdP.Example./keys", true, "idp.example", 443, "idp.example", "/keys"},
      {"https://idp.example", true, "idp.example", 443, "idp.example", "/"},
      {"https://idp.example?v=1", true, "idp.example", 443, "idp.example", "/?v=1"},
      {"https://idp.example:8443/a%2Fb;c/../d?e=f/g?h", true, "idp.example", 8443, "idp.example:8443",
       "/a%2Fb;c/../d?e=f/g?h"},
      {"https://idp.example:443/", true, "idp.example", 443, "idp.example", "/"},
      {"https://192.0.2.7/k", true, "192.0.2.7", 443, "192.0.2.7", "/k"},
      {"https://[2001:db8::1]:8443/k", true, "2001:db8::1", 8443, "[2001:db8::1]:8443", "/k"},
      {"http://idp.example/keys", false, "idp.example", 80, "idp.example", "/keys"},
      {"http://idp.example:443/keys", false, "idp.example", 443, "idp.example:443", "/keys"},
  };
  for (const Case& c : cases) {
    StatusOr<Uri> uri = ParseUri(c.text, Schemes::kAlsoHttp);
    ASSERT_TRUE(uri.ok()) << c.text << ": " << uri.status();
    EXPECT_EQ(uri->tls, c.tls) << c.text;
    EXPECT_EQ(uri->host, c.host) << c.text;
    EXPECT_EQ(uri->port, c.port) << c.text;
    EXPECT_EQ(uri->authority, c.authority) << c.text;
    EXPECT_EQ(uri->target, c.target) << c.text;
  }
}

TEST(FetchUri, IsRefusedWithAReasonThatRepeatsNothingOfIt) {
  const std::pair<std::string, std::string_view> cases[] = {
      {"", "https://"},
      {"secret.example/keys", "https://"},
      {"ftp://secret.example/", "https://"},
      {"HTTPS://secret.example/", "https://"},
      {"https:/secret.example/", "https://"},
      {"https://", "host"},
      {"https:///secret", "host"},
      {"https://?secret", "host"},
      {"https://:443/secret", "host"},
      {"https://secret:password@idp.example/", "user"},
      {"https://secret@idp.example/", "user"},
      {"https://idp.example/#secret", "fragment"},
      {"https://idp.example#secret", "fragment"},
      {"https://idp.example:0/secret", "port"},
      {"https://idp.example:65536/secret", "port"},
      {"https://idp.example:/secret", "port"},
      {"https://idp.example:44a/secret", "port"},
      {"https://idp.example:-1/secret", "port"},
      {"https://idp..example/secret", "host"},
      {"https://idp.exa%6Dple/secret", "host"},
      {"https://idp.example\\@secret.example/", "user"},
      {"https://idp.example\\secret", "host"},
      {"https://[2001:db8::1/secret", "host"},
      {"https://2001:db8::1/secret", "host"},
      {"https://[fe80::1%25eth0]/secret", "host"},
      {"https://[192.0.2.1]/secret", "host"},
      {"https://idp.example/a secret", "ASCII"},
      {"https://idp.example/a\tsecret", "ASCII"},
      {"https://idp.example/a\r\nsecret: 1", "ASCII"},
      {"https://idp.example/\xC3\xA4secret", "ASCII"},
      {std::string("https://idp.example/\0secret", 27), "ASCII"},
      {"https://idp.example/secret" + std::string(kMaxUriBytes, 'x'), "longer"},
  };
  for (const auto& [text, why] : cases) {
    StatusOr<Uri> uri = ParseUri(text, Schemes::kAlsoHttp);
    ASSERT_FALSE(uri.ok()) << text;
    EXPECT_TRUE(absl::IsInvalidArgument(uri.status())) << text;
    EXPECT_THAT(std::string(uri.status().message()), HasSubstr(std::string(why))) << text;
    EXPECT_THAT(std::string(uri.status().message()), Not(HasSubstr("secret"))) << text;
  }
}

TEST(FetchUri, WithoutTlsIsForPrivateAddressesOnly) {
  StatusOr<Uri> uri = ParseUri("http://idp.example/keys", Schemes::kHttps);
  ASSERT_FALSE(uri.ok());
  EXPECT_THAT(std::string(uri.status().message()), HasSubstr("allowPrivateAddresses"));
}

}  // namespace
}  // namespace penstock::fetch
