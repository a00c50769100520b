#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "dataplane/policies/cors/cors_config.h"
#include "dataplane/policies/cors/cors_policy.h"
#include "google/protobuf/text_format.h"

namespace penstock::policies {
namespace {

using Fields = std::vector<std::pair<const char*, const char*>>;

std::shared_ptr<const CorsConfig> Config(const std::string& text) {
  xds::v1::Cors message;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &message));
  absl::StatusOr<std::shared_ptr<const CorsConfig>> config = CorsConfig::Compile(message);
  EXPECT_TRUE(config.ok()) << config.status();
  return *config;
}

std::string Decide(const std::string& config, const char* method, const Fields& fields) {
  http::Headers headers;
  for (const auto& [name, value] : fields) headers.Add(name, value);
  std::shared_ptr<const CorsConfig> compiled = Config(config);
  CorsDecision decision = compiled->Decide(method, headers);
  constexpr const char* kKinds[] = {"pass", "preflight", "actual"};
  std::string text = kKinds[static_cast<int>(decision.kind)];
  for (size_t i = 0; i < decision.field_count; ++i) {
    text += "\n" + std::string(decision.fields[i].name) + ": " + std::string(decision.fields[i].value);
  }
  return text;
}

const char kShop[] = R"(allow_origins: 'https://shop.example' allow_origins: 'https://*.shop.example:8443'
                        allow_methods: 'GET' allow_methods: 'POST' allow_headers: 'X-A' expose_headers: 'X-B'
                        max_age_seconds: 60)";

TEST(Cors, DecidesByTheTable) {
  struct Row {
    const char* what;
    std::string config;
    const char* method;
    Fields fields;
    const char* expected;
  };
  const Row kRows[] = {
      {"no origin", kShop, "GET", {}, "pass\nvary: origin"},
      {"actual",
       kShop,
       "GET",
       {{"origin", "https://shop.example"}},
       "actual\nvary: origin\naccess-control-allow-origin: https://shop.example\naccess-control-expose-headers: X-B"},
      {"foreign origin", kShop, "GET", {{"origin", "https://evil.example"}}, "actual\nvary: origin"},
      {"OPTIONS that is no preflight", kShop, "OPTIONS", {{"origin", "https://evil.example"}}, "actual\nvary: origin"},
      {"preflight",
       kShop,
       "OPTIONS",
       {{"origin", "https://shop.example"}, {"access-control-request-method", "PUT"}},
       "preflight\nvary: origin\naccess-control-allow-origin: https://shop.example\n"
       "access-control-allow-methods: GET, POST\naccess-control-allow-headers: X-A\naccess-control-max-age: 60"},
      {"foreign preflight",
       kShop,
       "OPTIONS",
       {{"origin", "null"}, {"access-control-request-method", "PUT"}},
       "preflight\nvary: origin"},
      {"anybody may share it: nothing varies", "allow_origins: '*'", "GET", {}, "pass"},
      {"anybody", "allow_origins: '*'", "GET", {{"origin", "null"}}, "actual\naccess-control-allow-origin: *"},
      {"anybody with credentials",
       "allow_origins: '*' allow_credentials: true expose_headers: '*'",
       "GET",
       {{"origin", "https://a.b"}},
       "actual\nvary: origin\naccess-control-allow-origin: https://a.b\naccess-control-allow-credentials: true"},
      {"any method with credentials names what was asked for",
       "allow_origins: '*' allow_credentials: true allow_methods: '*' allow_headers: '*'",
       "OPTIONS",
       {{"origin", "https://a.b"},
        {"access-control-request-method", "PUT"},
        {"access-control-request-headers", "x, y"}},
       "preflight\nvary: origin\naccess-control-allow-origin: https://a.b\naccess-control-allow-credentials: true\n"
       "access-control-allow-methods: PUT\naccess-control-allow-headers: x, y\naccess-control-max-age: 5"},
  };
  for (const Row& row : kRows) EXPECT_EQ(Decide(row.config, row.method, row.fields), row.expected) << row.what;
}

TEST(Cors, MatchesAWildcardByWholeLabelsOnly) {
  std::shared_ptr<const CorsConfig> config = Config(kShop);
  EXPECT_TRUE(config->AllowsOrigin("https://a.shop.example:8443"));
  EXPECT_TRUE(config->AllowsOrigin("https://a.b.shop.example:8443"));
  EXPECT_TRUE(config->AllowsOrigin("HTTPS://Shop.Example"));
  for (const char* origin : {"https://shop.example:8443", "https://evilshop.example:8443", "http://a.shop.example:8443",
                             "https://a.shop.example", "https://.shop.example:8443/", "https://x/.shop.example:8443",
                             "https://a.shop.example:8443.evil.example", "", "null"}) {
    EXPECT_FALSE(config->AllowsOrigin(origin)) << origin;
  }
}

TEST(Cors, RefusesWhatIsNoOriginOrToken) {
  for (const char* text : {"allow_origins: 'shop.example'", "allow_origins: 'https://a*.example'",
                           "allow_origins: 'https://a/b'", "allow_methods: 'GET' allow_methods: '*'",
                           "allow_headers: 'a b'", "expose_headers: ''", "allow_origins: '://x'"}) {
    xds::v1::Cors message;
    ASSERT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &message));
    EXPECT_FALSE(CorsConfig::Compile(message).ok()) << text;
  }
}

TEST(CorsPolicy, AnswersThePreflightAndDressesTheActualResponse) {
  BlockPool pool;
  Cancellation cancellation;
  CorsPolicy policy(Config(kShop));
  Exchange preflight(&pool);
  preflight.Begin(cancellation);
  preflight.request.method_text = "OPTIONS";
  preflight.request.headers.Add("origin", "https://shop.example");
  preflight.request.headers.Add("access-control-request-method", "PUT");
  Verdict verdict = RunReady(policy.OnRequest(preflight));
  EXPECT_TRUE(verdict.is_reply());
  EXPECT_EQ(verdict.status(), 204);
  EXPECT_EQ(preflight.response.headers.Get("access-control-allow-methods"), "GET, POST");

  Exchange actual(&pool);
  actual.Begin(cancellation);
  actual.request.method_text = "GET";
  actual.request.headers.Add("origin", "https://shop.example");
  EXPECT_FALSE(RunReady(policy.OnRequest(actual)).is_reply());
  actual.request.headers.Remove("origin");
  actual.response.headers.Add("access-control-allow-origin", "*");
  actual.response.headers.Add("vary", "accept");
  EXPECT_FALSE(RunReady(policy.OnResponse(actual)).is_reply());
  EXPECT_EQ(actual.response.headers.Get("access-control-allow-origin"), "https://shop.example");
  EXPECT_EQ(actual.response.headers.Count("access-control-allow-origin"), 1u);
  EXPECT_EQ(actual.response.headers.Count("vary"), 2u);
}

TEST(Cors, GivesBackNothingButTokens) {
  const char* config = "allow_origins: '*' allow_credentials: true allow_methods: '*' allow_headers: '*'";
  const char* granted =
      "preflight\nvary: origin\naccess-control-allow-origin: https://a.b\naccess-control-allow-credentials: true\n";
  auto preflight = [&](const char* method, const char* fields) {
    return Decide(config, "OPTIONS",
                  {{"origin", "https://a.b"},
                   {"access-control-request-method", method},
                   {"access-control-request-headers", fields}});
  };
  for (const char* fields : {"x y", "x, <script>", "x;y", "\"x\"", "x, y z"}) {
    EXPECT_EQ(preflight("PA\"TCH;", fields), std::string(granted) + "access-control-max-age: 5") << fields;
  }
  EXPECT_EQ(preflight("PATCH", ", x-a ,\tx-b"),
            std::string(granted) + "access-control-allow-methods: PATCH\naccess-control-allow-headers: , x-a ,\tx-b\n" +
                "access-control-max-age: 5");
}

TEST(CorsPolicy, RemovesWhatTheUpstreamGrantsToAnOriginThatIsNotAllowed) {
  BlockPool pool;
  Cancellation cancellation;
  CorsPolicy policy(Config(kShop));
  for (const char* origin : {"https://evil.example", ""}) {
    Exchange x(&pool);
    x.Begin(cancellation);
    x.request.method_text = "GET";
    if (*origin != 0) x.request.headers.Add("origin", origin);
    EXPECT_FALSE(RunReady(policy.OnRequest(x)).is_reply());
    for (const char* name :
         {"access-control-allow-origin", "access-control-allow-credentials", "access-control-allow-methods",
          "access-control-allow-headers", "access-control-expose-headers", "access-control-max-age"}) {
      x.response.headers.Add(name, "*");
    }
    x.response.headers.Add("access-control", "kept");
    EXPECT_FALSE(RunReady(policy.OnResponse(x)).is_reply());
    EXPECT_EQ(x.response.headers.Get("access-control"), "kept");
    EXPECT_EQ(x.response.headers.size(), 2u) << "with vary";
  }
}

TEST(CorsPolicy, TellsCachesThatTheAnswerVariesAlsoWithoutAnOrigin) {
  BlockPool pool;
  Cancellation cancellation;
  CorsPolicy policy(Config(kShop));
  Exchange same_origin(&pool);
  same_origin.Begin(cancellation);
  same_origin.request.method_text = "GET";
  EXPECT_FALSE(RunReady(policy.OnRequest(same_origin)).is_reply());
  EXPECT_FALSE(RunReady(policy.OnResponse(same_origin)).is_reply());
  EXPECT_EQ(same_origin.response.headers.Get("vary"), "origin");
}

}  // namespace
}  // namespace penstock::policies
