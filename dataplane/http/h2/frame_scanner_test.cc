#include "dataplane/http/h2/frame_scanner.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "dataplane/http/h2/testing.h"

namespace penstock::http::h2 {
namespace {

using testing::Bytes;

std::vector<FrameHeader> Scan(FrameScanner& scanner, std::string_view bytes) {
  std::vector<FrameHeader> headers;
  scanner.Scan(bytes, [&headers](const FrameHeader& header) {
    headers.push_back(header);
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
    for (size_t at = 0; at < bytes.size(); at += split) {
      for (const FrameHeader& header : Scan(scanner, std::string_view(bytes).substr(at, split))) {
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
  bool went_on = scanner.Scan(ping + ping + ping, [&seen](const FrameHeader&) { return ++seen < 2; });
  EXPECT_FALSE(went_on);
  EXPECT_EQ(seen, 2);
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
