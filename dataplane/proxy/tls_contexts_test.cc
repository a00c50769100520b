#include "dataplane/proxy/tls_contexts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dataplane/base/test_certificates.h"
#include "dataplane/snapshot/hash.h"
#include "dataplane/snapshot/testing.h"

namespace penstock::proxy {
namespace {

using snapshot::kClusterType;
using snapshot::kListenerType;
using snapshot::kSecretType;
using snapshot::ResourceProblem;
using snapshot::testing::MustCompile;
using ::testing::HasSubstr;
using ::testing::Not;
using namespace std::chrono_literals;

class TlsContextsTest : public ::testing::Test {
 protected:
  snapshot::Resource Certificate(std::string_view name, const std::string& dns = "DNS:a.test") {
    TestCertificate made = ca_.Issue(TestCertificateOptions{.names = {dns}});
    return snapshot::testing::Secret(name, {{"tls.crt", made.cert}, {"tls.key", made.key}});
  }
  snapshot::Resource Ca(std::string_view name) { return snapshot::testing::Secret(name, {{"ca.crt", ca_.cert()}}); }
  static snapshot::Resource Https(std::string_view name, const std::string& hostname, const std::string& tls) {
    return snapshot::testing::Listener(
        name, StrCat("protocol: HTTPS port: 443 hostname: '", hostname, "' tls { ", tls, " }"));
  }

  // The problems of a first generation.
  std::vector<ResourceProblem> ProblemsOf(std::vector<snapshot::Resource> resources) {
    auto snapshot = MustCompile(nullptr, {std::move(resources), {}, {}});
    std::vector<ResourceProblem> problems;
    TlsContexts::Prepare(*snapshot, material_, problems);
    return problems;
  }
  TlsContexts All(const snapshot::Snapshot& snapshot) {
    std::vector<ResourceProblem> problems;
    TlsContexts contexts = TlsContexts::Prepare(snapshot, material_, problems);
    EXPECT_TRUE(problems.empty()) << snapshot::testing::Text(problems);
    return contexts;
  }
  TlsContexts After(const TlsContexts& contexts, const snapshot::Snapshot& next, const snapshot::Delta& delta) {
    std::vector<ResourceProblem> problems;
    TlsContexts result = contexts.After(next, delta, material_, problems);
    EXPECT_TRUE(problems.empty()) << snapshot::testing::Text(problems);
    return result;
  }

  SystemClock clock_;
  TestCa ca_;
  TlsMaterial material_{.tickets = std::make_shared<tls::TicketKeys>(clock_)};
};

TEST_F(TlsContextsTest, AreMadeOnceForAllAndThenOnlyWhereAChangeTouchesThem) {
  auto first = MustCompile(nullptr, {{Certificate("shop/a"), Certificate("shop/b"), Ca("shop/ca"),
                                      Https("shop/web/a", "a.test", "certificates: 'shop/a'"),
                                      Https("shop/web/b", "b.test", "certificates: 'shop/b' client { ca: 'shop/ca' }"),
                                      Https("shop/web/c", "c.test", "certificates: 'shop/b'"),
                                      snapshot::testing::Cluster("up", "tls { hostname: 'a.test' ca: 'shop/ca' }"),
                                      snapshot::testing::Cluster("plain")},
                                     {},
                                     {}});
  TlsContexts contexts = All(*first);
  EXPECT_EQ(contexts.FindServer("shop/web/none"), nullptr);
  EXPECT_EQ(contexts.FindClient("plain"), nullptr);
  ASSERT_NE(contexts.FindClient("up"), nullptr);

  snapshot::Delta rotation{{Certificate("shop/a")}, {}, {}};
  auto second = MustCompile(first.get(), rotation);
  TlsContexts rotated = After(contexts, *second, rotation);
  EXPECT_NE(*rotated.FindServer("shop/web/a"), *contexts.FindServer("shop/web/a"));
  EXPECT_EQ(*rotated.FindServer("shop/web/b"), *contexts.FindServer("shop/web/b"));
  EXPECT_EQ(*rotated.FindServer("shop/web/c"), *contexts.FindServer("shop/web/c"));
  EXPECT_EQ(*rotated.FindClient("up"), *contexts.FindClient("up"));

  TestCa other("other");
  snapshot::Delta ca{{snapshot::testing::Secret("shop/ca", {{"ca.crt", other.cert()}})}, {}, {}};
  auto third = MustCompile(second.get(), ca);
  TlsContexts trusting = After(rotated, *third, ca);
  EXPECT_EQ(*trusting.FindServer("shop/web/a"), *rotated.FindServer("shop/web/a"));
  EXPECT_NE(*trusting.FindServer("shop/web/b"), *rotated.FindServer("shop/web/b"));
  EXPECT_NE((*trusting.FindServer("shop/web/b"))->client_policy(),
            (*rotated.FindServer("shop/web/b"))->client_policy());
  EXPECT_NE(*trusting.FindClient("up"), *rotated.FindClient("up"));

  snapshot::Delta removal{{}, {{std::string(kListenerType), "shop/web/c"}, {std::string(kClusterType), "up"}}, {}};
  auto fourth = MustCompile(third.get(), removal);
  TlsContexts fewer = After(trusting, *fourth, removal);
  EXPECT_EQ(fewer.FindServer("shop/web/c"), nullptr);
  EXPECT_EQ(fewer.FindClient("up"), nullptr);
  EXPECT_NE(trusting.FindServer("shop/web/c"), nullptr) << "who serves the generation before goes on with its own";

  snapshot::Delta plain{{snapshot::testing::Listener("shop/web/a", "port: 80")}, {}, {}};
  auto fifth = MustCompile(fourth.get(), plain);
  EXPECT_EQ(After(fewer, *fifth, plain).FindServer("shop/web/a"), nullptr);
}

TEST_F(TlsContextsTest, KnowUntilWhenTheCertificatesAreGoodThatAreShown) {
  auto until = [this](std::string_view name, std::chrono::hours ends) {
    TestCertificate made = ca_.Issue(TestCertificateOptions{.names = {"DNS:a.test"}, .ends = ends});
    return snapshot::testing::Secret(name, {{"tls.crt", made.cert}, {"tls.key", made.key}});
  };
  // Is each good for about so many hours, and none besides?
  auto ends = [](const TlsContexts& contexts, std::map<std::string, int> hours) {
    auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
    EXPECT_EQ(contexts.CertificateEnds().size(), hours.size());
    for (const CertificateEnd& end : contexts.CertificateEnds())
      EXPECT_EQ(std::chrono::round<std::chrono::hours>(end.until - now).count(), hours[end.secret]) << end.secret;
  };
  auto first = MustCompile(
      nullptr,
      {{until("shop/a", 5h), until("shop/b", 9h), until("shop/me", 7h), until("unused", 2h), Ca("shop/ca"),
        Https("shop/web/a", "a.test", "certificates: 'shop/a'"),
        Https("shop/web/b", "b.test", "certificates: 'shop/a' certificates: 'shop/b'"),
        snapshot::testing::Cluster("up", "tls { hostname: 'a.test' ca: 'shop/ca' client_certificate: 'shop/me' }"),
        snapshot::testing::Cluster("other", "tls { hostname: 'a.test' ca: 'shop/ca' }")},
       {},
       {}});
  TlsContexts contexts = All(*first);
  ends(contexts, {{"shop/a", 5}, {"shop/b", 9}, {"shop/me", 7}});

  snapshot::Delta renewal{{until("shop/a", 30h)}, {{std::string(kClusterType), "up"}}, {}};
  auto second = MustCompile(first.get(), renewal);
  ends(After(contexts, *second, renewal), {{"shop/a", 30}, {"shop/b", 9}});
  ends(contexts, {{"shop/a", 5}, {"shop/b", 9}, {"shop/me", 7}});
}

TEST_F(TlsContextsTest, BlameTheSecretAndTheFieldAndTellNothingOfTheKey) {
  TestCertificate one = ca_.Issue(TestCertificateOptions{.names = {"DNS:a.test"}});
  TestCertificate two = ca_.Issue(TestCertificateOptions{.names = {"DNS:a.test"}});
  struct Case {
    std::map<std::string, std::string> data;
    const char* field;
    const char* reason;
  };
  const Case cases[] = {
      {{{"tls.crt", one.cert}, {"tls.key", two.key}}, "data.tls.key", "key does not match certificate"},
      {{{"tls.crt", one.cert}}, "data.tls.key", "the Secret has no such field"},
      {{{"tls.key", one.key}}, "data.tls.crt", "the Secret has no such field"},
      {{{"tls.crt", "x"}, {"tls.key", one.key}}, "data.tls.crt", "there is no certificate in it (in PEM form)"},
      {{{"tls.crt", one.cert}, {"tls.key", "x"}},
       "data.tls.key",
       "there is no private key in it that can be read (in PEM form)"},
  };
  for (const Case& c : cases) {
    std::vector<ResourceProblem> problems = ProblemsOf({snapshot::testing::Secret("shop/cert", c.data),
                                                        Https("shop/web/a", "a.test", "certificates: 'shop/cert'"),
                                                        Https("shop/web/b", "b.test", "certificates: 'shop/cert'")});
    ASSERT_EQ(problems.size(), 1u) << "once, though two listeners need it";
    EXPECT_EQ(problems[0].type_url(), kSecretType);
    EXPECT_EQ(problems[0].name(), "shop/cert");
    EXPECT_EQ(problems[0].field_path(), c.field);
    EXPECT_EQ(problems[0].reason(), c.reason);
    EXPECT_EQ(problems[0].code(), "E303");
  }
}

TEST_F(TlsContextsTest, TellAllProblemsAtOnce) {
  std::vector<ResourceProblem> problems = ProblemsOf(
      {snapshot::testing::Secret("shop/cert", {{"tls.crt", "x"}, {"tls.key", "x"}}),
       snapshot::testing::Secret("shop/ca", {{"ca.crt", "x"}}), Ca("shop/good"),
       Https("shop/web/a", "a.test", "certificates: 'shop/cert' client { ca: 'shop/ca' }"),
       snapshot::testing::Cluster("up", "tls { hostname: 'a.test' ca: 'shop/good' client_certificate: 'shop/none' }"),
       snapshot::testing::Secret("shop/none", {})});
  std::string text = snapshot::testing::Text(problems);
  EXPECT_EQ(problems.size(), 5u) << text;
  EXPECT_THAT(text, HasSubstr("shop/ca data.ca.crt"));
  EXPECT_THAT(text, HasSubstr("shop/none data.tls.crt"));
}

TEST_F(TlsContextsTest, BlameTheClusterIfTheMachineHasNoCas) {
  material_.system_ca = "/does/not/exist";
  std::vector<ResourceProblem> problems =
      ProblemsOf({snapshot::testing::Cluster("up", "tls { hostname: 'a.test' system_ca: true }")});
  ASSERT_EQ(problems.size(), 1u);
  EXPECT_EQ(problems[0].name(), "up");
  EXPECT_EQ(problems[0].reason(), "system_ca: cannot read /does/not/exist");
}

}  // namespace
}  // namespace penstock::proxy
