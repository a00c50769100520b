#include "dataplane/http/header_id.h"

#include <array>
#include <cstddef>
#include <iterator>

namespace penstock::http {
namespace {

constexpr size_t kCount = std::size(kHeaderRows);

// First and last four bytes tell all well-known names apart; shorter names are padded with zeros.
constexpr uint64_t Fingerprint(std::string_view name) {
  uint64_t first = 0;
  uint64_t last = 0;
  size_t size = name.size();
  if (size >= 4) {
    for (size_t i = 0; i < 4; ++i) {
      first |= static_cast<uint64_t>(static_cast<uint8_t>(name[i])) << (8 * i);
      last |= static_cast<uint64_t>(static_cast<uint8_t>(name[size - 4 + i])) << (8 * i);
    }
  } else {
    for (size_t i = 0; i < size; ++i) first |= static_cast<uint64_t>(static_cast<uint8_t>(name[i])) << (8 * i);
  }
  return (first | last << 32) + size * 0x9E3779B97F4A7C15ull;
}

constexpr int kBits = 10;
constexpr size_t Slot(uint64_t fingerprint, uint64_t seed) { return (fingerprint * seed) >> (64 - kBits); }

struct Table {
  uint64_t seed = 0;
  std::array<uint8_t, size_t{1} << kBits> slots = {};
};

// Looks for a multiplier without collisions, at compile time.
constexpr Table MakeTable() {
  uint64_t fingerprints[kCount] = {};
  for (size_t i = 1; i < kCount; ++i) fingerprints[i] = Fingerprint(kHeaderRows[i].text);
  for (uint64_t seed = 0xD6E8FEB86659FD93ull;; seed = seed * 6364136223846793005ull + 1442695040888963407ull) {
    Table table;
    table.seed = seed | 1;
    bool collides = false;
    for (size_t i = 1; i < kCount && !collides; ++i) {
      uint8_t& slot = table.slots[Slot(fingerprints[i], table.seed)];
      collides = slot != 0;
      slot = static_cast<uint8_t>(i);
    }
    if (!collides) return table;
  }
}

constexpr Table kTable = MakeTable();

}  // namespace

HeaderId FindHeaderId(std::string_view name) {
  uint8_t index = kTable.slots[Slot(Fingerprint(name), kTable.seed)];
  return kHeaderRows[index].text == name ? static_cast<HeaderId>(index) : HeaderId::kOther;
}

}  // namespace penstock::http
