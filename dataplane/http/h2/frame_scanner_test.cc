#include "dataplane/http/h2/frame_scanner.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "dataplane/http/h2/testing.h"

namespace penstock::http::h2 {
namespace {

using testing::Bytes;

std::vector<FrameHeader> Scan(FrameScanner& scanner, std::string_view bytes, std::string* settings = nullptr) {
  std::vector<FrameHeader> headers;
  auto on_frame = [&headers](const FrameHeader& header, size_t) {
    headers.push_back(header);
    return true;
  };
  scanner.Scan(bytes, on_frame, [settings](std::string_view payload) {
    if (settings != nullptr) *settings += payload;
    return true;
  });
  return headers;
}

TEST(FrameScanner, FindsEveryFrameHoweverTheBytesAreSplit) {
  std::string bytes = "preface" + Bytes(FrameType::kSettings, 0, 0, "123456") + Bytes(FrameType::kPing, kAck, 0) +
                      Bytes(FrameType::kData, kEndStream, 0x7FFF'FFFF, std::string(70'000, 'x')) +
                      Bytes(static_cast<FrameType>(0xEE), 0xFF, 5, "?");
  for (size_t split : {size_t{1}, size_t{2}, size_t{9}, size_t{100}, bytes.size()}) {
    FrameScanner scanner(7);
    std::vector<FrameHeader> headers;
    std::string settings;
    for (size_t at = 0; at < bytes.size(); at += split) {
      for (const FrameHeader& header : Scan(scanner, std::string_view(bytes).substr(at, split), &settings)) {
        headers.push_back(header);
      }
    }
    ASSERT_EQ(headers.size(), 4u) << split;
    EXPECT_EQ(headers[0].type, FrameType::kSettings);
    EXPECT_EQ(headers[0].length, 6u);
    EXPECT_TRUE(headers[1].Has(kAck));
    EXPECT_EQ(headers[2].length, 70'000u);
    EXPECT_EQ(headers[2].stream, 0x7FFF'FFFFu);
    EXPECT_EQ(headers[3].type, static_cast<FrameType>(0xEE));
    EXPECT_TRUE(scanner.between_frames());
    EXPECT_EQ(settings, "123456");
  }
}

TEST(FrameScanner, DoesNotCountTheReservedBitToTheStream) {
  FrameScanner scanner(0);
  EXPECT_EQ(Scan(scanner, Bytes(FrameType::kData, 0, 0x8000'0001))[0].stream, 1u);
}

TEST(FrameScanner, StopsWhereItIsTold) {
  FrameScanner scanner(0);
  int seen = 0;
  std::string ping = Bytes(FrameType::kPing, 0, 0, "12345678");
  auto on_frame = [&seen](const FrameHeader&, size_t) { return ++seen < 2; };
  EXPECT_FALSE(scanner.Scan(ping + ping + ping, on_frame, [](std::string_view) { return true; }));
  EXPECT_EQ(seen, 2);
}

TEST(FrameScanner, StopsInsideSettings) {
  FrameScanner scanner(0);
  int seen = 0;
  std::string settings = Bytes(FrameType::kSettings, 0, 0, "123456") + Bytes(FrameType::kPing, 0, 0, "12345678");
  auto on_frame = [&seen](const FrameHeader&, size_t) { return ++seen > 0; };
  EXPECT_FALSE(scanner.Scan(settings, on_frame, [](std::string_view) { return false; }));
  EXPECT_EQ(seen, 1);
}

TEST(FrameScanner, SaysHowManyBytesComeBeforeAFrame) {
  const std::string ping = Bytes(FrameType::kPing, 0, 0, "12345678");
  const std::string bytes = ping + Bytes(FrameType::kData, 0, 1, "x") + ping;
  auto scan = [](FrameScanner& scanner, std::string_view piece) {
    std::vector<size_t> before;
    auto on_frame = [&before](const FrameHeader&, size_t bytes) {
      before.push_back(bytes);
      return true;
    };
    scanner.Scan(piece, on_frame, [](std::string_view) { return true; });
    return before;
  };
  FrameScanner whole(0);
  EXPECT_EQ(scan(whole, bytes), (std::vector<size_t>{0, 17, 27}));
  FrameScanner split(0);
  EXPECT_EQ(scan(split, std::string_view(bytes).substr(0, 20)), (std::vector<size_t>{0}));
  EXPECT_EQ(scan(split, std::string_view(bytes).substr(20)), (std::vector<size_t>{0, 7})) << "its header began before";
}

TEST(FrameScanner, KnowsWhenAFrameIsNotComplete) {
  FrameScanner scanner(0);
  std::string ping = Bytes(FrameType::kPing, 0, 0, "12345678");
  Scan(scanner, ping.substr(0, 12));
  EXPECT_FALSE(scanner.between_frames());
  Scan(scanner, ping.substr(12));
  EXPECT_TRUE(scanner.between_frames());
  Scan(scanner, ping.substr(0, 3));
  EXPECT_FALSE(scanner.between_frames());
}

}  // namespace
}  // namespace penstock::http::h2
