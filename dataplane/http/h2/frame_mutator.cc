// What comes to the fuzz targets of this room is frames: most changes are made to one whole frame, whose length stays
// right, since a wrong one ends a connection before the next frame is looked at.
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "dataplane/http/h2/testing.h"

// libFuzzer's; absent where a corpus is only replayed, and then nobody calls what is below.
extern "C" __attribute__((weak)) size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t max_size);

namespace penstock::http::h2::testing {
namespace {

using Random = std::minstd_rand;

uint32_t Below(Random& random, size_t bound) { return static_cast<uint32_t>(random() % bound); }

void MutatePayload(std::string& payload) {
  constexpr size_t kGrowth = 64;
  size_t size = payload.size();
  payload.resize(size + kGrowth);
  payload.resize(LLVMFuzzerMutate(reinterpret_cast<uint8_t*>(payload.data()), size, payload.size()));
}

// Of both sides, one that nobody began, and the connection's own.
uint32_t AnyStream(Random& random) { return Below(random, 12); }

void MutateFrames(Random& random, std::vector<Frame>& frames) {
  size_t at = Below(random, frames.size());
  Frame& frame = frames[at];
  switch (Below(random, 9)) {
    case 0:
      frame.type = static_cast<FrameType>(Below(random, 11));
      break;
    case 1:
      frame.flags ^= static_cast<uint8_t>(1u << Below(random, 8));
      break;
    case 2:
      frame.stream = AnyStream(random);
      break;
    case 3:
      frames.insert(frames.begin() + static_cast<std::ptrdiff_t>(at), Frame(frame));
      break;
    case 4:
      frames.erase(frames.begin() + static_cast<std::ptrdiff_t>(at));
      break;
    case 5:
      std::swap(frame, frames[Below(random, frames.size())]);
      break;
    case 6:
      frames.push_back({static_cast<FrameType>(Below(random, 11)), static_cast<uint8_t>(random()), AnyStream(random),
                        std::string(Below(random, 10), '\0')});
      break;
    default:
      MutatePayload(frame.payload);
  }
}

// The frames of DATA behind its first byte, with one change; 0: there is none, or no room.
size_t MutateAsFrames(Random& random, uint8_t* data, size_t size, size_t max_size) {
  std::vector<Frame> frames = ParseFrames({reinterpret_cast<const char*>(data) + 1, size - 1});
  if (frames.empty()) return 0;
  MutateFrames(random, frames);
  std::string bytes;
  for (const Frame& frame : frames) bytes += Bytes(frame);
  if (bytes.empty() || bytes.size() + 1 > max_size) return 0;
  std::memcpy(data + 1, bytes.data(), bytes.size());
  return bytes.size() + 1;
}

}  // namespace
}  // namespace penstock::http::h2::testing

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size, unsigned int seed) {
  using namespace penstock::http::h2::testing;
  Random random(seed);
  bool raw = size < 2 || Below(random, 8) == 0;
  size_t mutated = raw ? 0 : MutateAsFrames(random, data, size, max_size);
  return mutated == 0 ? LLVMFuzzerMutate(data, size, max_size) : mutated;
}
