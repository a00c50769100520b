#include "dataplane/snapshot/compile.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dataplane/snapshot/hash.h"
#include "dataplane/snapshot/testing.h"

namespace penstock::snapshot {
namespace {

using testing::Cluster;
using testing::Endpoints;
using testing::GenerationOf;
using ::testing::HasSubstr;
using testing::Listener;
using testing::MustCompile;
using testing::PolicyChain;
using testing::Route;
using testing::Text;

const char kShopRoute[] = R"(
    attachments { listener: 'shop/web/http' hostnames: 'shop.example' }
    rules { name: 'all' matches { prefix: '/' } forward { clusters { cluster: 'users' weight: 1 } } }
    rules { name: 'catalog' matches { prefix: '/products' method: 'GET' }
            forward { clusters { cluster: 'products' weight: 90 } clusters { cluster: 'users' weight: 10 } } })";

Delta Shop() {
  return {.upserts = {Listener("shop/web/http"), Cluster("users"), Cluster("products"), Route("shop/all", kShopRoute)},
          .removals = {},
          .generation = {}};
}

std::string RuleFor(const Snapshot& snapshot, router::Request request, uint16_t port = 8080) {
  const BindGroup* group = snapshot.FindBindGroup({"", port});
  if (group == nullptr) return "no group";
  Decision decision = snapshot.Decide(*group, request);
  if (decision.listener == nullptr) return "no listener";
  if (decision.match == nullptr) return "no route on " + (*decision.listener)->name;
  return decision.route().name + " " + decision.rule().name;
}

router::Request Get(std::string_view host, std::string_view path) { return {"GET", host, path, "", nullptr}; }

std::string ProblemsOf(const Snapshot* previous, Delta delta) {
  CompileOutcome outcome = Compile(previous, delta);
  EXPECT_FALSE(outcome.ok());
  return Text(outcome.problems);
}

std::string ProblemsOf(Resource resource) { return ProblemsOf(nullptr, {{std::move(resource)}, {}, {}}); }

TEST(Compile, DecidesARequestFromListenerToRule) {
  std::shared_ptr<const Snapshot> snapshot = MustCompile(nullptr, Shop());
  EXPECT_EQ(RuleFor(*snapshot, Get("shop.example", "/products/7")), "shop/all catalog");
  EXPECT_EQ(RuleFor(*snapshot, Get("shop.example", "/users")), "shop/all all");
  EXPECT_EQ(RuleFor(*snapshot, Get("other.example", "/users")), "no route on shop/web/http");
  EXPECT_EQ(RuleFor(*snapshot, Get("shop.example", "/"), 9), "no group");
}

TEST(Compile, FillsInEveryDefault) {
  std::shared_ptr<const Snapshot> snapshot = MustCompile(nullptr, Shop());
  EXPECT_EQ((*snapshot->FindListener("shop/web/http"))->client, ClientSettings());
  EXPECT_EQ((*snapshot->FindCluster("users"))->upstream, UpstreamSettings());
  const CompiledRoute& route = **snapshot->FindRoute("shop/all");
  EXPECT_EQ(std::get<Forward>(route.rules[0].action).request_timeout, 15s);
  EXPECT_EQ(std::get<Forward>(route.rules[1].action).total_weight, 100u);
}

TEST(Compile, ServesAHostByItsMostSpecificListenerOnly) {
  Delta delta{{Listener("n/g/any"), Listener("n/g/wild", "hostname: '*.example'"),
               Listener("n/g/exact", "hostname: 'a.example'"),
               Route("n/r", "attachments { listener: 'n/g/any' } rules { name: 'x' static_reply { status: 200 } }")},
              {},
              {}};
  std::shared_ptr<const Snapshot> snapshot = MustCompile(nullptr, delta);
  EXPECT_EQ(RuleFor(*snapshot, Get("a.test", "/")), "n/r x");
  EXPECT_EQ(RuleFor(*snapshot, Get("a.example", "/")), "no route on n/g/exact");
  EXPECT_EQ(RuleFor(*snapshot, Get("c.b.example", "/")), "no route on n/g/wild");
  EXPECT_EQ(RuleFor(*snapshot, Get("example", "/")), "n/r x");
  EXPECT_EQ(snapshot->DefaultListener(*snapshot->FindBindGroup({"", 8080}))->name, "n/g/any");
}

TEST(Compile, GroupsListenersByAddressAndPort) {
  Delta delta{{Listener("n/g/a", "addresses: '127.0.0.1' addresses: '::1' port: 80"), Listener("n/g/b", "port: 80"),
               Listener("n/g/c", "port: 81")},
              {},
              {}};
  std::shared_ptr<const Snapshot> snapshot = MustCompile(nullptr, delta);
  EXPECT_THAT(snapshot->bind_keys(),
              ::testing::ElementsAre(BindKey{"", 80}, BindKey{"", 81}, BindKey{"127.0.0.1", 80}, BindKey{"::1", 80}));
}

TEST(Compile, ChangesNothingOfThePreviousSnapshot) {
  std::shared_ptr<const Snapshot> first = MustCompile(nullptr, Shop());
  Delta change{
      {Route("shop/all", "attachments { listener: 'shop/web/http' } rules { name: 'new' static_reply {} }")}, {}, {}};
  std::shared_ptr<const Snapshot> second = MustCompile(first.get(), change);
  EXPECT_EQ(RuleFor(*first, Get("shop.example", "/products")), "shop/all catalog");
  EXPECT_EQ(RuleFor(*second, Get("shop.example", "/products")), "shop/all new");
  EXPECT_EQ(*first->FindCluster("users"), *second->FindCluster("users"));
  first.reset();
  EXPECT_EQ(RuleFor(*second, Get("shop.example", "/products")), "shop/all new");
}

TEST(Compile, RefusesEverythingIfOneResourceFails) {
  std::shared_ptr<const Snapshot> first = MustCompile(nullptr, Shop());
  Delta change{{Cluster("new"), Cluster("bad", "lb_algorithm: 'dice'")}, {{std::string(kRouteType), "shop/all"}}, {}};
  EXPECT_EQ(ProblemsOf(first.get(), change),
            "E208 Cluster bad lb_algorithm: \"dice\" is no algorithm that this build knows\n");
  EXPECT_EQ(RuleFor(*first, Get("shop.example", "/products")), "shop/all catalog");
}

TEST(Compile, ReportsEveryProblemAtOnce) {
  std::string problems = ProblemsOf(Route("n/r", R"(
      attachments { listener: 'none' hostnames: 'UPPER' }
      rules { matches { regex: '(' } matches { prefix: 'a' headers { name: 'x y' exact: '1' } }
              redirect { status: 200 scheme: 'ftp' } }
      rules { forward { clusters { cluster: 'a' weight: 2000000 } request_timeout { seconds: -1 } } })"));
  for (const char* part : {"attachments[0].hostnames[0]: \"UPPER\"", "rules[0].matches[0].regex: not a valid RE2",
                           "rules[0].matches[1].prefix: a path begins", "rules[0].matches[1].headers[0].name",
                           "rules[0].redirect.status: 200 is no redirect", "rules[0].redirect.scheme",
                           "rules[1].forward.clusters[0].weight", "rules[1].forward.request_timeout"}) {
    EXPECT_THAT(problems, HasSubstr(part));
  }
}

TEST(Compile, ReportsAtMostFiftyProblems) {
  std::string rules;
  for (int i = 0; i < 100; ++i) rules += "rules { redirect { status: 1 } } ";
  CompileOutcome outcome = Compile(nullptr, {{Route("n/r", rules)}, {}, {}});
  EXPECT_EQ(outcome.problems.size(), kMaxProblems);
}

TEST(Compile, RefusesReferencesToNothing) {
  EXPECT_EQ(ProblemsOf(Route("n/r", R"(attachments { listener: 'l' }
                rules { policy_chain: 'p' filters { mirror { cluster: 'm' } } forward { clusters { cluster: 'c' } } })")),
            "E203 Route n/r attachments[0].listener: Listener \"l\" does not exist\n"
            "E203 Route n/r rules[0].policy_chain: PolicyChain \"p\" does not exist\n"
            "E203 Route n/r rules[0].filters: Cluster \"m\" does not exist\n"
            "E203 Route n/r rules[0].forward.clusters[0].cluster: Cluster \"c\" does not exist\n");
}

TEST(Compile, RefusesToRemoveWhatIsInUseAndNamesTheUser) {
  std::shared_ptr<const Snapshot> first = MustCompile(nullptr, Shop());
  EXPECT_EQ(ProblemsOf(first.get(), {{}, {{std::string(kClusterType), "products"}}, {}}),
            "E203 Route shop/all rules[1].forward.clusters[0].cluster: Cluster \"products\" does not exist\n");
  EXPECT_EQ(ProblemsOf(first.get(), {{}, {{std::string(kListenerType), "shop/web/http"}}, {}}),
            "E203 Route shop/all attachments[0].listener: Listener \"shop/web/http\" does not exist\n");
  Delta both{{}, {{std::string(kClusterType), "products"}, {std::string(kRouteType), "shop/all"}}, {}};
  MustCompile(first.get(), both);
}

TEST(Compile, RefusesTwoOfOneName) {
  EXPECT_THAT(ProblemsOf(nullptr, {{Cluster("a"), Cluster("a")}, {}, {}}), HasSubstr("E202 Cluster a name: two"));
  EXPECT_THAT(ProblemsOf(nullptr, {{Cluster("a")}, {{std::string(kClusterType), "a"}}, {}}),
              HasSubstr("E202 Cluster a name: set and removed"));
}

TEST(Compile, RefusesTwoListenersForOneHost) {
  EXPECT_EQ(ProblemsOf(nullptr, {{Listener("n/g/a", "hostname: 'a.b'"), Listener("n/g/b", "hostname: 'a.b'")}, {}, {}}),
            "E207 Listener n/g/b hostname: another listener serves host \"a.b\" on the default address port 8080: "
            "n/g/a\n");
}

TEST(Compile, RefusesBytesAndNamesThatDoNotFit) {
  EXPECT_THAT(ProblemsOf(Resource{std::string(kRouteType), "a", "", "\xff\xff"}), HasSubstr("E201 Route a bytes"));
  EXPECT_THAT(ProblemsOf(Resource{"type.googleapis.com/x.Y", "a", "", ""}), HasSubstr("E201 Y a type_url"));
  Resource renamed = Cluster("a");
  renamed.name = "b";
  EXPECT_THAT(ProblemsOf(renamed), HasSubstr("E201 Cluster b name: the message's name is \"a\""));
}

TEST(Compile, RefusesWhatItDoesNotKnowInsteadOfIgnoringIt) {
  EXPECT_THAT(ProblemsOf(PolicyChain("p", "policies { type: 'captcha' }")), HasSubstr("no policy \"captcha\""));
  EXPECT_THAT(ProblemsOf(Route("n/r", "rules { filters {} static_reply {} }")), HasSubstr("rules[0].filters[0]"));
  EXPECT_THAT(ProblemsOf(Route("n/r", "rules { }")), HasSubstr("rules[0].action"));
  EXPECT_THAT(ProblemsOf(Listener("l", "protocol: PROTOCOL_UNSPECIFIED")), HasSubstr("protocol"));
}

TEST(Compile, SaysWhereAPolicyRefusesItsConfiguration) {
  auto problems = [](const std::string& type, const std::string& message, const std::string& config) {
    return ProblemsOf(PolicyChain("p", "policies { type: '" + type +
                                           "' config { [type.googleapis.com/penstock.xds.v1." + message + "] { " +
                                           config + " } } }"));
  };
  EXPECT_EQ(problems("authorization", "Authorization", "rules { name: 'a' condition { methods: 'A B' } }"),
            "E213 PolicyChain p policies[0].config.rules[0].condition.methods[0]: \"A B\" is no method\n");
  EXPECT_EQ(problems("jwt", "Jwt", "providers { issuer: 'a' }"),
            "E213 PolicyChain p policies[0].config.providers[0].name: missing\n");
  EXPECT_EQ(
      problems("authentication", "Authentication", "all_of { any_of: 'jwt' }"),
      "E213 PolicyChain p policies[0].config.all_of[0]: asks for jwt, which no policy of this place looks for, so "
      "that nobody would be let in\n");
  EXPECT_EQ(ProblemsOf(PolicyChain("p", R"(
                policies { type: 'jwt' config { [type.googleapis.com/penstock.xds.v1.Jwt] {} } }
                policies { type: 'authentication'
                           config { [type.googleapis.com/penstock.xds.v1.Authentication] { all_of { any_of: 'jwt' } } } }
                )")),
            "E213 PolicyChain p policies[0].config.providers: at least one\n");
  EXPECT_EQ(problems("jwt", "Authorization", ""),
            "E208 PolicyChain p policies[0].config: the configuration is no penstock.xds.v1.Jwt\n");
}

TEST(Compile, RefusesAddressesPortsAndBlocks) {
  EXPECT_THAT(ProblemsOf(Listener("l", "addresses: 'localhost'")), HasSubstr("E206 Listener l addresses[0]"));
  EXPECT_THAT(ProblemsOf(Listener("l", "port: 65536")), HasSubstr("E206 Listener l port"));
  EXPECT_THAT(ProblemsOf(Listener("l", "client { trusted_proxies: '10.0.0.0/33' }")),
              HasSubstr("E206 Listener l client.trusted_proxies[0]"));
  EXPECT_THAT(ProblemsOf(Listener("l", "client { keepalive_timeout {} }")),
              HasSubstr("E205 Listener l client.keepalive_timeout"));
}

TEST(Compile, RefusesAPrefixRewriteWhereNoPrefixIsMatched) {
  EXPECT_THAT(
      ProblemsOf(Route("n/r", R"(rules { matches { exact: '/a' } filters { url_rewrite { path { prefix: '/b' } } }
                                             static_reply {} })")),
      HasSubstr("a prefix is replaced, but a match is Exact /a"));
}

TEST(Compile, LetsTheAttemptsTimeoutStretchTheDefaultOfTheRequest) {
  auto timeouts = [](const std::string& text) {
    std::shared_ptr<const Snapshot> snapshot =
        MustCompile(nullptr, {{Route("n/r", "rules { forward { " + text + " } }")}, {}, {}});
    const auto& forward = std::get<Forward>((*snapshot->FindRoute("n/r"))->rules[0].action);
    return std::pair(forward.request_timeout, forward.backend_timeout);
  };
  using Pair = std::pair<nanoseconds, nanoseconds>;
  EXPECT_EQ(timeouts(""), Pair(15s, 15s));
  EXPECT_EQ(timeouts("backend_timeout { seconds: 30 }"), Pair(30s, 30s));
  EXPECT_EQ(timeouts("request_timeout { seconds: 3 }"), Pair(3s, 3s));
  EXPECT_EQ(timeouts("request_timeout_off: true"), Pair(0s, 0s));
  EXPECT_EQ(timeouts("request_timeout { seconds: 3 } backend_timeout { seconds: 1 }"), Pair(3s, 1s));
  EXPECT_THAT(
      ProblemsOf(Route("n/r", "rules { forward { request_timeout { seconds: 3 } backend_timeout { seconds: 4 } } }")),
      HasSubstr("one attempt may not last longer"));
}

TEST(Compile, ChecksTheCommitRecord) {
  std::shared_ptr<const Snapshot> first = MustCompile(nullptr, Shop());
  Delta delta = Shop();
  delta.generation = GenerationOf(*first, 7);
  std::shared_ptr<const Snapshot> seventh = MustCompile(nullptr, delta);
  EXPECT_EQ(seventh->id(), (GenerationId{1, 7}));
  delta.generation->set_hash(first->hash() + 1);
  EXPECT_THAT(ProblemsOf(nullptr, delta), HasSubstr("E209 Generation generation hash"));
  Delta back{{}, {}, GenerationOf(*first, 6)};
  EXPECT_THAT(ProblemsOf(seventh.get(), back), HasSubstr("E209 Generation generation number"));
  Delta lost{{}, {{std::string(kRouteType), "shop/all"}}, GenerationOf(*first, 8)};
  EXPECT_THAT(ProblemsOf(seventh.get(), lost), HasSubstr("E209 Generation generation counts"));
}

TEST(Endpoints, MoveInALaneOfTheirOwn) {
  std::shared_ptr<const Snapshot> first = MustCompile(nullptr, Shop());
  Resource one = Endpoints("users", "epoch: 1 endpoints { address: '127.0.0.1' port: 81 weight: 1 }");
  Resource two = Endpoints("users", "epoch: 2 endpoints { address: '127.0.0.1' port: 82 weight: 1 }");
  CompileOutcome outcome = ApplyEndpoints(*first, {two}, {});
  ASSERT_TRUE(outcome.ok());
  const Snapshot& second = *outcome.snapshot;
  EXPECT_EQ((*second.FindEndpoints("users"))->endpoints[0].port, 82);
  EXPECT_EQ(second.hash(), first->hash());
  EXPECT_EQ(second.id(), first->id());
  EXPECT_EQ(second.endpoints_epoch(), 1u);
  EXPECT_EQ(*second.FindRoute("shop/all"), *first->FindRoute("shop/all"));
  EXPECT_EQ(first->FindEndpoints("users"), nullptr);
  CompileOutcome stale = ApplyEndpoints(second, {one}, {});
  ASSERT_TRUE(stale.ok());
  EXPECT_EQ((*stale.snapshot->FindEndpoints("users"))->epoch, 2u);
  EXPECT_FALSE(ApplyEndpoints(second, {Cluster("x")}, {}).ok());
}

TEST(PickCluster, FollowsTheWeightsAndTheSeed) {
  Forward forward;
  forward.clusters.resize(3);
  forward.clusters[0].weight = 9;
  forward.clusters[1].weight = 0;
  forward.clusters[2].weight = 1;
  forward.total_weight = 10;
  int counts[3] = {};
  for (uint64_t seed = 0; seed < 10'000; ++seed) ++counts[PickCluster(forward, seed) - forward.clusters.data()];
  EXPECT_NEAR(counts[0], 9000, 200);
  EXPECT_EQ(counts[1], 0);
  EXPECT_EQ(PickCluster(forward, 42), PickCluster(forward, 42));
  EXPECT_EQ(PickCluster(Forward(), 42), nullptr);
}

}  // namespace
}  // namespace penstock::snapshot
