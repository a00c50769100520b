#include "dataplane/http/websocket/frame_tracker.h"

#include <gtest/gtest.h>

#include <string>

namespace penstock::http::websocket {
namespace {

using namespace std::string_literals;

bool MayCloseAfter(std::string_view bytes) {
  FrameTracker tracker;
  tracker.Feed(bytes);
  return tracker.MayClose();
}

// Frames of every form of length, masked or not.
std::string Frame(uint8_t first, size_t size, bool masked) {
  std::string frame(1, static_cast<char>(first));
  uint8_t bit = masked ? 0x80 : 0;
  if (size < 126) {
    frame += static_cast<char>(bit | size);
  } else if (size < 65536) {
    frame += static_cast<char>(bit | 126);
    for (int shift : {8, 0}) frame += static_cast<char>(size >> shift);
  } else {
    frame += static_cast<char>(bit | 127);
    for (int shift = 56; shift >= 0; shift -= 8) frame += static_cast<char>(size >> shift);
  }
  if (masked) frame += "mask";
  return frame + std::string(size, '\x88');
}

TEST(FrameTracker, KnowsWhereFramesOfEveryLengthEnd) {
  for (size_t size : {0, 1, 125, 126, 127, 300, 65535, 65536, 70000}) {
    for (bool masked : {false, true}) {
      std::string frame = Frame(0x82, size, masked);
      EXPECT_TRUE(MayCloseAfter(frame)) << size;
      EXPECT_TRUE(MayCloseAfter(frame + frame)) << size;
      EXPECT_FALSE(MayCloseAfter(std::string_view(frame).substr(0, frame.size() - 1))) << size;
      EXPECT_FALSE(MayCloseAfter(frame + "\x81")) << size;
    }
  }
}

TEST(FrameTracker, TakesFramesInPiecesOfAnySize) {
  const std::string frames = Frame(0x01, 300, true) + Frame(0x89, 4, false) + Frame(0x80, 130, true);
  for (size_t size = 1; size <= frames.size(); ++size) {
    FrameTracker tracker;
    for (size_t at = 0; at < frames.size(); at += size) {
      tracker.Feed(std::string_view(frames).substr(at, size));
      EXPECT_EQ(tracker.MayClose(), MayCloseAfter(std::string_view(frames).substr(0, at + size)));
    }
    EXPECT_TRUE(tracker.MayClose());
  }
}

TEST(FrameTracker, AllowsACloseAmidAFragmentedMessageButNoSecondOne) {
  EXPECT_TRUE(MayCloseAfter(""));
  EXPECT_TRUE(MayCloseAfter(Frame(0x01, 5, true)));
  EXPECT_FALSE(MayCloseAfter(Frame(0x88, 2, true)));
  EXPECT_FALSE(MayCloseAfter(Frame(0x88, 0, false) + Frame(0x89, 0, false)));
}

TEST(FrameTracker, FindsNoBoundaryInNonsense) {
  EXPECT_FALSE(MayCloseAfter("\x81\x7f\xff\xff\xff\xff\xff\xff\xff\xff"s + std::string(1000, 'x')));
}

TEST(FrameTracker, MakesClosesThatAreWhole) {
  FrameTracker tracker;
  tracker.Feed(kServerGoesAway);
  EXPECT_FALSE(tracker.MayClose());
  std::array<char, 8> frame = ClientGoesAway(0x01020304);
  EXPECT_EQ(std::string(frame.data(), frame.size()), "\x88\x82\x04\x03\x02\x01\x07\xea"s);
}

}  // namespace
}  // namespace penstock::http::websocket
