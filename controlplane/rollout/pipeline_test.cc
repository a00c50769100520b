#include "controlplane/rollout/pipeline.h"

#include <gtest/gtest.h>

#include "controlplane/rollout/test_manifests.h"
#include "dataplane/snapshot/hash.h"

namespace penstock::rollout {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1'800'000'000);

manifests::ChangeSet Upserts(const std::string& yaml) { return {.upserts = Objects(yaml), .removals = {}}; }

// Prepares, requires it to be fine, and adopts.
Prepared MustAdopt(Pipeline& pipeline, const manifests::ChangeSet& changes) {
  const Prepared prepared = pipeline.Prepare({1, pipeline.id().number + 1}, changes, false, kNow);
  for (const auto& finding : prepared.findings) {
    EXPECT_NE(finding.severity(), management::v1::Finding::ERROR) << finding.DebugString();
  }
  pipeline.Adopt(prepared);
  return prepared;
}

std::string Names(const std::vector<ResourcePtr>& resources) {
  std::string names;
  for (const ResourcePtr& resource : resources) {
    names += resource->type_url.substr(resource->type_url.rfind('.') + 1) + ":" + resource->name + " ";
  }
  return names;
}

TEST(Pipeline, CompilesAChangeBeforeTheFirstDataPlaneConnects) {
  Pipeline pipeline;
  pipeline.Load({}, {});
  const Prepared prepared = pipeline.Prepare({1, 1}, Upserts(ShopYaml()), false, kNow);
  ASSERT_EQ(prepared.groups.size(), 1u);
  EXPECT_TRUE(prepared.groups[0].implied);
  EXPECT_NE(prepared.groups[0].snapshot, nullptr);
  EXPECT_NE(prepared.hash, 0u);
  EXPECT_GT(prepared.bytes_per_replica, 0u);

  const Prepared conflict = pipeline.Prepare({1, 1}, Upserts(ShopYaml() + GatewayYaml("twin")), false, kNow);
  EXPECT_TRUE(manifests::HasErrors(conflict.findings)) << "two Gateways on one port of one data plane";
}

TEST(Pipeline, NamesAStoredObjectWithoutALineOfTheFileThatIsAppliedNow) {
  Pipeline pipeline;
  pipeline.Load({}, {});
  const std::string broken = RouteYaml("broken", "/b", "shop", "missing");
  pipeline.Adopt(pipeline.Prepare({1, 1}, Upserts(ShopYaml() + broken), true, kNow));
  const Prepared prepared = pipeline.Prepare({1, 2}, Upserts(BackendYaml("another")), false, kNow);
  EXPECT_FALSE(manifests::HasErrors(prepared.findings));
  ASSERT_EQ(prepared.findings.size(), 1u);
  EXPECT_EQ(prepared.findings[0].code(), "E101");
  EXPECT_EQ(prepared.findings[0].object(), "HTTPRoute default/broken");
  EXPECT_EQ(prepared.findings[0].file(), "");
  EXPECT_EQ(prepared.findings[0].line(), 0u);
  const Prepared written = pipeline.Prepare({1, 2}, Upserts(RouteYaml("broken", "/c", "shop", "missing")), false, kNow);
  ASSERT_TRUE(manifests::HasErrors(written.findings));
  EXPECT_EQ(written.findings[0].file(), "test.yaml");
}

TEST(Pipeline, SendsAGroupOnlyWhatChanged) {
  Pipeline pipeline;
  pipeline.Load({}, {});
  ASSERT_TRUE(pipeline.AddGroup({}).ok());
  const Prepared first = MustAdopt(pipeline, Upserts(ShopYaml()));
  EXPECT_EQ(first.groups[0].publication.upserts.size(), 4u) << Names(first.groups[0].publication.upserts);
  const Prepared second = MustAdopt(pipeline, Upserts(RouteYaml("users", "/u")));
  EXPECT_EQ(Names(second.groups[0].publication.upserts), "Route:default/users ");
  EXPECT_EQ(second.groups[0].publication.generation.number(), 2u);
  EXPECT_EQ(second.groups[0].publication.generation.hash(), second.groups[0].snapshot->hash());
  EXPECT_EQ(second.groups[0].snapshot->id(), (snapshot::GenerationId{1, 2}));
  manifests::ChangeSet removal;
  removal.removals = {{"gateway.networking.k8s.io", "HTTPRoute", "default", "users"}};
  const Prepared third = MustAdopt(pipeline, removal);
  EXPECT_TRUE(third.groups[0].publication.upserts.empty());
  EXPECT_EQ(third.groups[0].publication.removals.size(), 3u) << "the route, and the cluster that nobody names any more";
}

TEST(Pipeline, GivesEachGroupItsOwnGateways) {
  Pipeline pipeline;
  pipeline.Load({}, {});
  GroupSelector eu{.gateway_class = "default", .labels = {{"region", "eu"}}};
  GroupSelector us{.gateway_class = "default", .labels = {{"region", "us"}}};
  ASSERT_TRUE(pipeline.AddGroup(eu).ok());
  ASSERT_TRUE(pipeline.AddGroup(us).ok());
  const Prepared prepared =
      MustAdopt(pipeline, Upserts(GatewayYaml("eu-shop", "{region: eu}") +
                                  GatewayYaml("us-shop", "{region: us}", 8090) + BackendYaml("users") +
                                  RouteYaml("eu-route", "/", "eu-shop") + RouteYaml("us-route", "/", "us-shop")));
  ASSERT_EQ(prepared.groups.size(), 2u);
  for (const Prepared::Group& group : prepared.groups) {
    const std::string names = Names(group.publication.upserts);
    const bool is_eu = group.publication.key == GroupKey(eu);
    EXPECT_EQ(names.find("eu-route") != std::string::npos, is_eu) << names;
    EXPECT_EQ(names.find("us-route") != std::string::npos, !is_eu) << names;
  }
  auto everything = pipeline.AddGroup({});
  ASSERT_TRUE(everything.ok()) << everything.status();
  EXPECT_EQ(everything->upserts.size(), 6u) << "both Gateways, both routes, one cluster with its endpoints";
}

TEST(Pipeline, ReportsWhatTheDataPlaneWouldRefuse) {
  Pipeline pipeline;
  pipeline.Load({}, {});
  const Prepared missing =
      pipeline.Prepare({1, 1}, Upserts(GatewayYaml("shop") + RouteYaml("users", "/users")), false, kNow);
  ASSERT_TRUE(manifests::HasErrors(missing.findings));
  EXPECT_EQ(missing.findings[0].file(), "test.yaml");
  EXPECT_GT(missing.findings[0].line(), 0u);
  const Prepared lenient =
      pipeline.Prepare({1, 1}, Upserts(GatewayYaml("shop") + RouteYaml("users", "/users")), true, kNow);
  EXPECT_FALSE(manifests::HasErrors(lenient.findings));
}

TEST(Pipeline, IsTheSameAfterLoadingWhatWasStored) {
  Pipeline pipeline;
  pipeline.Load({}, {});
  ASSERT_TRUE(pipeline.AddGroup({}).ok());
  const Prepared prepared = MustAdopt(pipeline, Upserts(ShopYaml()));
  Pipeline again;
  again.Load({1, 1}, translator::AllObjects(pipeline.state()));
  auto publication = again.AddGroup({});
  ASSERT_TRUE(publication.ok());
  EXPECT_EQ(publication->generation.hash(), prepared.hash);
  EXPECT_EQ(Names(publication->upserts), Names(prepared.groups[0].publication.upserts));
  for (size_t i = 0; i < publication->upserts.size(); ++i) {
    EXPECT_EQ(publication->upserts[i]->version, prepared.groups[0].publication.upserts[i]->version);
  }
}

TEST(Pipeline, BoundsTheNumberOfGroups) {
  Pipeline pipeline;
  pipeline.Load({}, {});
  for (size_t i = 0; i < Pipeline::kMaxGroups; ++i) {
    ASSERT_TRUE(pipeline.AddGroup({.gateway_class = "default", .labels = {{"host", std::to_string(i)}}}).ok());
  }
  EXPECT_EQ(pipeline.AddGroup({.gateway_class = "more", .labels = {}}).status().code(),
            absl::StatusCode::kResourceExhausted);
}

}  // namespace
}  // namespace penstock::rollout
