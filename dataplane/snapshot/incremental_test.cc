#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>
#include <vector>

#include "dataplane/base/random.h"
#include "dataplane/base/strings.h"
#include "dataplane/snapshot/compile.h"
#include "dataplane/snapshot/hash.h"
#include "dataplane/snapshot/testing.h"
#include "dataplane/snapshot/upgrades.h"

namespace penstock::snapshot {
namespace {

using Live = std::map<ResourceName, Resource>;

// Random transactions over few names, so that resources come, go, change and are missing where others name them.
class Changes {
 public:
  explicit Changes(uint64_t seed) : random_(seed) {}

  Delta Next(const Live& live) {
    Delta delta;
    std::set<ResourceName> touched;
    uint64_t count = 1 + random_.Below(6);
    for (uint64_t i = 0; i < count; ++i) {
      if (!live.empty() && Chance(25)) {
        auto gone = std::next(live.begin(), static_cast<long>(random_.Below(live.size())));
        if (touched.insert(gone->first).second) delta.removals.push_back(gone->first);
        continue;
      }
      Resource resource = Any();
      if (touched.insert({resource.type_url, resource.name}).second) delta.upserts.push_back(std::move(resource));
    }
    return delta;
  }

  std::string Number(uint64_t below) { return std::to_string(random_.Below(below)); }
  std::string Pick(std::initializer_list<const char*> names) { return names.begin()[random_.Below(names.size())]; }

 private:
  bool Chance(uint64_t percent) { return random_.Below(100) < percent; }
  std::string Host() { return Pick({"a.test", "b.test", "*.test", "x.a.test", "*.a.test"}); }

  Resource Any() {
    switch (random_.Below(8)) {
      case 0:
        return testing::Listener("n/g/l" + Number(4), ListenerText());
      case 1:
        return testing::Cluster("c" + Number(4), Chance(3) ? "lb_algorithm: 'dice'" : "");
      case 2:
        return testing::Endpoints("c" + Number(4),
                                  "endpoints { address: '127.0.0.1' port: 8" + Number(9) + " weight: 1 }");
      case 3:
        return testing::PolicyChain("p" + Number(2), "");
      default:
        return testing::Route("n/r" + Number(12), RouteText());
    }
  }

  std::string ListenerText() {
    std::string text = "port: 80" + Number(2);
    if (Chance(60)) text += " hostname: '" + Host() + "'";
    if (Chance(20)) text += " policy_chain: 'p" + Number(2) + "'";
    return text;
  }

  std::string RouteText() {
    std::string text = "first_generation: " + Number(3) + " attachments { listener: 'n/g/l" + Number(4) + "'";
    if (Chance(50)) text += " hostnames: '" + Host() + "'";
    text += " }";
    for (uint64_t rule = 0; rule < 1 + random_.Below(2); ++rule) {
      text += " rules { name: 'rule" + Number(100) + "' matches { " + Match() + " }";
      text += Chance(60) ? " forward { clusters { cluster: 'c" + Number(4) + "' weight: 1 } " + Upgrades() + "} }"
                         : " static_reply {} }";
    }
    return text;
  }

  std::string Upgrades() { return Chance(10) ? "upgrades: 'websocket' " : ""; }

  std::string Match() {
    std::string path = Pick({"prefix: '/'", "prefix: '/a'", "exact: '/a/b'", "regex: '/a/[^/]+'", "regex: '/a.*'"});
    return Chance(30) ? path + " method: 'GET'" : path;
  }

  Random random_;
};

std::vector<Resource> Values(const Live& live) {
  std::vector<Resource> resources;
  for (const auto& [name, resource] : live) resources.push_back(resource);
  return resources;
}

std::string Versions(const Snapshot& snapshot) {
  std::set<std::string> lines;
  snapshot.ForEachVersion([&lines](std::string_view type_url, std::string_view name, std::string_view version) {
    lines.insert(StrCat(type_url, " ", name, " ", version));
  });
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  return text;
}

std::string Decisions(const Snapshot& snapshot) {
  std::string text;
  for (const BindKey& key : snapshot.bind_keys()) {
    for (const char* host : {"a.test", "b.test", "x.a.test", "y.x.a.test", "other"}) {
      for (const char* path : {"/", "/a", "/a/b", "/a/c", "/ab"}) {
        for (const char* method : {"GET", "PUT"}) {
          Decision decision = snapshot.Decide(*snapshot.FindBindGroup(key), {method, host, path, "", nullptr});
          text += StrCat(key.port, " ", host, path, " ", method, ": ");
          text += decision.listener == nullptr ? "no listener" : (*decision.listener)->name;
          text += decision.match == nullptr ? "" : StrCat(" ", decision.route().name, " ", decision.match->rule);
          text += "\n";
        }
      }
    }
  }
  return text;
}

void Commit(const Delta& delta, Live& live) {
  for (const ResourceName& name : delta.removals) live.erase(name);
  for (const Resource& resource : delta.upserts) live[{resource.type_url, resource.name}] = resource;
}

// Each transaction on top of the last good state, against a build of the same resources from nothing.
TEST(Incremental, EqualsAFullBuildAndRefusesTheSame) {
  int accepted = 0;
  int refused = 0;
  int offering = 0;
  for (uint64_t seed = 0; seed < 12; ++seed) {
    Changes changes(seed);
    Live live;
    std::shared_ptr<const Snapshot> snapshot;
    for (int step = 0; step < 60; ++step) {
      Delta delta = changes.Next(live);
      Live next = live;
      Commit(delta, next);
      std::string before = snapshot == nullptr ? "" : Versions(*snapshot) + Decisions(*snapshot);
      CompileOutcome incremental = Compile(snapshot.get(), delta);
      CompileOutcome full = Compile(nullptr, {Values(next), {}, {}});
      ASSERT_EQ(incremental.ok(), full.ok()) << "seed " << seed << " step " << step << "\n"
                                             << testing::Text(incremental.problems) << testing::Text(full.problems);
      if (!incremental.ok()) {
        ++refused;
        std::string after = snapshot == nullptr ? "" : Versions(*snapshot) + Decisions(*snapshot);
        ASSERT_EQ(after, before);
        continue;
      }
      ++accepted;
      ASSERT_EQ(incremental.snapshot->hash(), full.snapshot->hash());
      ASSERT_EQ(incremental.snapshot->counts(), full.snapshot->counts());
      ASSERT_EQ(OffersUpgrades(*incremental.snapshot), OffersUpgrades(*full.snapshot));
      offering += OffersUpgrades(*full.snapshot);
      ASSERT_EQ(Versions(*incremental.snapshot), Versions(*full.snapshot));
      ASSERT_EQ(Decisions(*incremental.snapshot), Decisions(*full.snapshot)) << "seed " << seed << " step " << step;
      snapshot = incremental.snapshot;
      live = std::move(next);
    }
  }
  // The transactions are worth something only if both happen often.
  EXPECT_GT(accepted, 60);
  EXPECT_GT(refused, 60);
  EXPECT_GT(offering, 0);
  EXPECT_LT(offering, accepted);
}

}  // namespace
}  // namespace penstock::snapshot
