#include "dataplane/router/persistent_set.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "dataplane/base/random.h"

namespace penstock::router {
namespace {

struct Item : Counted {
  explicit Item(std::string n) : name(std::move(n)) { ++live; }
  Item(const Item& from) : Counted(from), name(from.name), value(from.value) { ++live; }
  ~Item() { --live; }
  std::string_view key() const { return name; }
  static Item* Clone(const Item& from) { return new Item(from); }
  static void Destroy(Item* item) { delete item; }

  std::string name;
  int value = 0;
  static inline int live = 0;
};

using Set = PersistentSet<Item>;

std::set<std::string> Names(const Set& set) {
  std::set<std::string> names;
  auto add = [&names](const Item& item) { EXPECT_TRUE(names.insert(item.name).second) << item.name; };
  set.ForEach(add);
  return names;
}

TEST(PersistentSet, HoldsWhatWasPutInAndNotTakenOut) {
  for (uint64_t seed : {1, 2, 3}) {
    Random random(seed);
    Set set;
    std::set<std::string> expected;
    std::vector<std::pair<Set, std::set<std::string>>> versions;
    for (int i = 0; i < 20'000; ++i) {
      // Grows to some 2,000 items, then shrinks to none.
      std::string name = std::to_string(random.Below(i < 10'000 ? 3000 : 300));
      bool insert = random.Below(100) < (i < 10'000 ? 70 : 20);
      if (insert && expected.insert(name).second) {
        set.Insert(Ref<Item>(new Item(name)), seed);
      } else if (!insert) {
        EXPECT_EQ(set.Erase(name, seed), expected.erase(name) == 1);
      }
      EXPECT_EQ(set.Find(name, seed) != nullptr, expected.count(name) == 1);
      if (i % 4000 == 0) versions.emplace_back(set, expected);
    }
    EXPECT_EQ(Names(set), expected);
    for (const auto& [version, names] : versions) EXPECT_EQ(Names(version), names);
    for (const std::string& name : std::set<std::string>(expected)) EXPECT_TRUE(set.Erase(name, seed));
    EXPECT_TRUE(set.empty());
  }
  EXPECT_EQ(Item::live, 0);
}

TEST(PersistentSet, AnEditIsSeenByItsVersionOnly) {
  for (int count : {1, 5, 200, 5000}) {
    Set set;
    for (int i = 0; i < count; ++i) set.Insert(Ref<Item>(new Item(std::to_string(i))), 9);
    Set before = set;
    set.Edit("0", 9, [](Ref<Item>& item) { item.Edit().value = 7; });
    EXPECT_EQ(before.Find("0", 9)->value, 0);
    EXPECT_EQ(set.Find("0", 9)->value, 7);
    EXPECT_FALSE(set.Edit("none", 9, [](Ref<Item>&) {}));
  }
}

TEST(PersistentSet, AnEditCopiesOnlyItsPath) {
  Set set;
  for (int i = 0; i < 50'000; ++i) set.Insert(Ref<Item>(new Item(std::to_string(i))), 9);
  Set before = set;
  int live = Item::live;
  set.Edit("77", 9, [](Ref<Item>& item) { item.Edit().value = 7; });
  EXPECT_EQ(Item::live, live + 1);
}

TEST(PersistentSet, ReadsOnePageWhateverItsSize) {
  for (int count : {10, 1000, 100'000}) {
    Set set;
    for (int i = 0; i < count; ++i) set.Insert(Ref<Item>(new Item(std::to_string(1'000'000 + i))), 9);
    LookupStats stats;
    EXPECT_NE(set.Find("1000005", 9, &stats), nullptr);
    EXPECT_EQ(stats.pages, 1u);
    EXPECT_EQ(stats.bytes, 7u);
  }
}

}  // namespace
}  // namespace penstock::router
