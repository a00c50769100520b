#include "controlplane/translator/persistent_map.h"

#include <map>
#include <random>
#include <string>

#include "gtest/gtest.h"

namespace penstock::translator {
namespace {

using Map = PersistentMap<std::string, int>;

std::map<std::string, int> Contents(const Map& map) {
  std::map<std::string, int> contents;
  map.ForEach([&](const std::string& key, int value) { contents.emplace(key, value); });
  return contents;
}

TEST(PersistentMap, ForgetsWhatIsErased) {
  Map map;
  map.Set("a", 1);
  map.Set("b", 2);
  EXPECT_TRUE(map.Erase(std::string("a")));
  EXPECT_FALSE(map.Erase(std::string("a")));
  EXPECT_EQ(map.Find(std::string("a")), nullptr);
  EXPECT_EQ(*map.Find(std::string("b")), 2);
  EXPECT_EQ(map.size(), 1u);
}

TEST(PersistentMap, LeavesCopiesAlone) {
  Map map;
  for (int i = 0; i < 1000; ++i) map.Set(std::to_string(i), i);
  Map copy = map;
  for (int i = 0; i < 1000; i += 2) map.Erase(std::to_string(i));
  for (int i = 1; i < 1000; i += 2) map.Set(std::to_string(i), -i);
  EXPECT_EQ(copy.size(), 1000u);
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(*copy.Find(std::to_string(i)), i);
  EXPECT_EQ(map.size(), 500u);
  EXPECT_EQ(*map.Find(std::string("7")), -7);
}

TEST(PersistentMap, AgreesWithAnOrdinaryMapOverRandomEditsAndCopies) {
  std::mt19937 random(1);
  Map map;
  std::map<std::string, int> model;
  std::vector<std::pair<Map, std::map<std::string, int>>> copies;
  for (int step = 0; step < 20'000; ++step) {
    std::string key = std::to_string(random() % 700);
    if (random() % 3 == 0) {
      map.Erase(key);
      model.erase(key);
    } else {
      map.Set(key, step);
      model[key] = step;
    }
    if (step % 1000 == 0) copies.emplace_back(map, model);
  }
  EXPECT_EQ(Contents(map), model);
  EXPECT_EQ(map.size(), model.size());
  for (const auto& [copy, then] : copies) EXPECT_EQ(Contents(copy), then);
}

}  // namespace
}  // namespace penstock::translator
