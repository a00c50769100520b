#include "dataplane/http/h1/chunked.h"

#include <algorithm>
#include <string>

#include "gtest/gtest.h"

namespace penstock::http::h1 {
namespace {

struct Decoded {
  Progress progress = Progress::kNeedMore;
  Error error = Error::kNone;
  std::string data;
  std::string trailers;
  size_t consumed = 0;
  bool operator==(const Decoded&) const = default;
};

// Decodes INPUT in pieces of STEP bytes, the first of FIRST.
Decoded Decode(std::string_view input, size_t first, size_t step) {
  ChunkedDecoder decoder(HeadLimits{});
  Decoded out;
  size_t end = std::min(first, input.size());
  while (true) {
    while (out.consumed < end && out.progress == Progress::kNeedMore) {
      std::string piece(input.substr(out.consumed, end - out.consumed));
      ChunkedDecoder::Step s = decoder.Next(piece);
      out.data += s.data;
      out.consumed += s.consumed;
      out.progress = s.progress;
    }
    if (out.progress != Progress::kNeedMore || end == input.size()) break;
    end = std::min(end + step, input.size());
  }
  out.error = decoder.error();
  if (out.progress == Progress::kError) out.consumed = 0;  // where exactly it was noticed does not matter
  if (out.progress == Progress::kDone && decoder.trailers() != nullptr) {
    for (const Field& f : *decoder.trailers())
      out.trailers += std::string(f.name()) + "=" + std::string(f.value()) + ";";
  }
  return out;
}

Decoded Decode(std::string_view input) { return Decode(input, input.size(), 1); }

TEST(Chunked, GivesTheSameWhereverTheBytesAreSplit) {
  for (std::string input : {
           "5\r\nhello\r\n0\r\n\r\nGET",
           "000000005;ext=\"a b\"\r\nhello\r\nA\r\n0123456789\r\n00000\r\nX-Sum: 1\r\nY:2\r\n\r\nrest",
           "5\r\nhelloXX0\r\n\r\n",
           "1\r\na\r\n0\r\nX : y\r\n\r\n",
       }) {
    Decoded whole = Decode(input);
    for (size_t i = 0; i <= input.size(); ++i) {
      EXPECT_EQ(Decode(input, i, input.size()), whole) << input << " at " << i;
      EXPECT_EQ(Decode(input, i, 1), whole) << input << " at " << i;
    }
  }
}

TEST(Chunked, DecodesDataAndTrailersAndLeavesWhatFollows) {
  Decoded d = Decode("5\r\nhello\r\n6;x=y\r\n world\r\n0\r\nX-Sum: 1\r\n\r\nGET /");
  EXPECT_EQ(d.progress, Progress::kDone);
  EXPECT_EQ(d.data, "hello world");
  EXPECT_EQ(d.trailers, "x-sum=1;");
  EXPECT_EQ(d.consumed, 40u);
}

TEST(Chunked, AcceptsLeadingZeros) { EXPECT_EQ(Decode("000000005\r\nhello\r\n00000\r\n\r\n").data, "hello"); }

TEST(Chunked, RefusesASizeThatOverflows) {
  EXPECT_EQ(Decode("10000000000000000\r\n").error, Error::kChunkTooLarge);
  EXPECT_EQ(Decode("fffffffffffffffff\r\n").error, Error::kChunkTooLarge);
  EXPECT_EQ(Decode("ffffffffffffffff\r\n").progress, Progress::kNeedMore);
}

TEST(Chunked, RefusesEverythingThatIsNotTheGrammar) {
  for (std::string_view input : {
           "0x5\r\nhello\r\n",
           "+5\r\nhello\r\n",
           "-1\r\n",
           " 5\r\nhello\r\n",
           "5 \r\nhello\r\n",
           "\r\n",
           ";a\r\n",
           "5;\nhello\r\n",
           "5\nhello\r\n",
           "5\r\nhelloXX",
           "5\r\nhello\r\n0\n",
           "5\r\nhello\r\n0\r\n\n",
           "5these\r\n",
           "5\r\nhello\r\n\r\n0\r\n",
           "5\rX",
           "5;a\x01\r\n",
           "g\r\n",
           "0\r\nX : y\r\n",
           "0\r\nX\r\n",
           "0\r\n Y: z\r\n",
           "1\r\na\n",
           "1\r\na\rb",
       }) {
    EXPECT_EQ(Decode(input).progress, Progress::kError) << input;
  }
}

TEST(Chunked, LimitsExtensionsPerLineAndInTotal) {
  EXPECT_EQ(Decode("5;" + std::string(65536, 'a') + "\r\n").error, Error::kChunkExtension);
  std::string many;
  for (int i = 0; i < 200; ++i) many += "1;" + std::string(200, 'a') + "\r\nx\r\n";
  EXPECT_EQ(Decode(many).error, Error::kChunkExtension);
  EXPECT_EQ(Decode(std::string(400, '0')).error, Error::kChunk);
}

TEST(Chunked, LimitsTrailersByCountAndBytes) {
  std::string many = "0\r\n";
  for (int i = 0; i < 5000; ++i) many += "T: v\r\n";
  EXPECT_EQ(Decode(many + "\r\n").error, Error::kTrailer);
  EXPECT_EQ(Decode("0\r\nT: " + std::string(100000, 'v')).error, Error::kTrailer);
}

TEST(Chunked, ReadsWhatItWrites) {
  for (uint64_t size : {1ul, 9ul, 10ul, 15ul, 16ul, 255ul, 256ul, 65535ul, 1ul << 32, UINT64_MAX}) {
    char head[kMaxChunkHead];
    std::string text(head, WriteChunkHead(size, head));
    char expected[32];
    std::snprintf(expected, sizeof expected, "%llx\r\n", static_cast<unsigned long long>(size));
    EXPECT_EQ(text, expected);
  }
}

}  // namespace
}  // namespace penstock::http::h1
