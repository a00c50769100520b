#include "dataplane/http/grpc/web.h"

#include <gtest/gtest.h>

#include <string>

namespace penstock::http::grpc {
namespace {

std::string Encode(std::string_view bytes) {
  std::string out(Base64Size(bytes.size()), '?');
  out.resize(EncodeBase64(bytes, out));
  return out;
}

// The bytes, or "!" if the text is refused or incomplete; fed in pieces of STEP bytes.
std::string Decode(std::string_view text, size_t step = 1000) {
  Base64Decoder decoder;
  std::string result;
  for (size_t i = 0; i < text.size(); i += step) {
    std::string_view piece = text.substr(i, step);
    std::string out(piece.size() / 4 * 3 + 3, '?');
    size_t written = 0;
    if (!decoder.Decode(piece, out, written)) return "!";
    result.append(out, 0, written);
  }
  return decoder.at_end() ? result : "!";
}

TEST(GrpcWebText, ComesBackAsItWentIn) {
  std::string all;
  for (int i = 0; i < 256; ++i) all += static_cast<char>(i);
  for (size_t length : {0, 1, 2, 3, 4, 5, 255, 256}) {
    std::string bytes = all.substr(0, length);
    std::string text = Encode(bytes);
    for (size_t step : {1, 2, 3, 4, 5, 1000}) EXPECT_EQ(Decode(text, step), bytes) << length << " by " << step;
  }
  EXPECT_EQ(Encode("any carnal pleas"), "YW55IGNhcm5hbCBwbGVhcw==");
}

TEST(GrpcWebText, MayBePaddedWhereverAPieceEnded) {
  EXPECT_EQ(Decode(Encode("a") + Encode("bc") + Encode("def")), "abcdef");
}

TEST(GrpcWebText, RefusesWhatIsNoBase64) {
  for (std::string_view bad :
       {"A", "AA", "AAA", "=AAA", "A=AA", "AA=A", "AAA\n", "AA-_", "A===", "====", "AB==", "AAB="}) {
    EXPECT_EQ(Decode(bad), "!") << bad;
  }
}

TEST(GrpcWebTrailers, AreTheLastFrameOfTheContent) {
  Headers trailers;
  trailers.Add("grpc-status", "0");
  trailers.Add("x", "y z");
  std::string out(TrailerFrameSize(trailers), '?');
  ASSERT_EQ(WriteTrailerFrame(trailers, out), out.size());
  EXPECT_EQ(out, std::string("\x80\0\0\0\x18grpc-status: 0\r\nx: y z\r\n", 29));
}

TEST(GrpcWebTrailers, MayBeEmpty) {
  Headers none;
  std::string out(TrailerFrameSize(none), '?');
  ASSERT_EQ(WriteTrailerFrame(none, out), kFrameHead);
  EXPECT_EQ(out, std::string("\x80\0\0\0\0", 5));
}

}  // namespace
}  // namespace penstock::http::grpc
