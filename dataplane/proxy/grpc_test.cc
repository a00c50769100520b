#include "dataplane/proxy/grpc.h"

#include <gtest/gtest.h>

#include <deque>
#include <string>

namespace penstock::proxy {
namespace {

// Gives pieces, then trailers.
class Pieces final : public Body {
 public:
  explicit Pieces(std::deque<std::string> pieces) : pieces_(std::move(pieces)) {}
  Task<StatusOr<Chunk>> Read() override {
    if (pieces_.empty()) return StatusOr<Chunk>(Chunk());
    Chunk chunk = Chunk::Copy(pieces_.front());
    pieces_.pop_front();
    return StatusOr<Chunk>(std::move(chunk));
  }
  const http::Headers* Trailers() const override { return trailers; }
  void Cancel() override {}
  Task<void> Finish() override { return Task<void>(); }

  const http::Headers* trailers = nullptr;

 private:
  std::deque<std::string> pieces_;
};

task_internal::Detached ReadInto(Body& body, std::string& content, Status& status) {
  while (true) {
    StatusOr<Chunk> chunk = co_await body.Read();
    status = chunk.status();
    if (!chunk.ok() || chunk->empty()) co_return;
    content.append(chunk->view());
  }
}

struct Content {
  std::string bytes;
  Status status;
};

Content ReadAll(Body& body) {
  Content content;
  ReadInto(body, content.bytes, content.status);
  return content;
}

TEST(GrpcWebText, IsDecodedWhereverItWasSplit) {
  BlockPool blocks;
  Pieces text({"Y", "WJjZ", "A", "==", "ZWY="});
  WebTextBody body(text, blocks);
  Content content = ReadAll(body);
  EXPECT_TRUE(content.status.ok());
  EXPECT_EQ(content.bytes, "abcdef");
}

TEST(GrpcWebText, ThatIsCutOffOrNoBase64IsAnError) {
  BlockPool blocks;
  for (const char* bad : {"YWJ", "YW*j"}) {
    Pieces text({bad});
    WebTextBody body(text, blocks);
    EXPECT_EQ(ReadAll(body).status.code(), absl::StatusCode::kInvalidArgument) << bad;
  }
}

TEST(GrpcWebResponse, EndsWithItsTrailersAsAFrame) {
  BlockPool blocks;
  http::Headers trailers;
  trailers.Add("grpc-status", "5");
  Pieces frames({"one", "two"});
  frames.trailers = &trailers;
  Exchange x(&blocks);
  x.response_body = &frames;
  WebResponseBody body(x, blocks, /*text=*/false, /*with_trailers=*/true);
  EXPECT_EQ(ReadAll(body).bytes, std::string("onetwo\x80\0\0\0\x10grpc-status: 5\r\n", 27));
  EXPECT_EQ(body.Trailers(), nullptr) << "they are in the content now";
  EXPECT_EQ(x.grpc_status, 5);
}

TEST(GrpcWebResponse, WithoutAStatusSaysThatItIsUnknown) {
  BlockPool blocks;
  Pieces frames({"one"});
  Exchange x(&blocks);
  x.response_body = &frames;
  WebResponseBody body(x, blocks, /*text=*/false, /*with_trailers=*/true);
  EXPECT_NE(ReadAll(body).bytes.find("grpc-status: 2\r\n"), std::string::npos);
  EXPECT_EQ(x.grpc_status, 2);
}

TEST(GrpcWebResponse, WhoseHeadHadTheStatusHasNoFrame) {
  BlockPool blocks;
  Pieces nothing({});
  Exchange x(&blocks);
  x.response_body = &nothing;
  WebResponseBody body(x, blocks, /*text=*/true, /*with_trailers=*/false);
  EXPECT_EQ(ReadAll(body).bytes, "");
}

TEST(GrpcWebResponse, IsBase64PieceByPieceInTheTextDialect) {
  BlockPool blocks;
  Pieces frames({"a", "bc"});
  Exchange x(&blocks);
  x.response_body = &frames;
  WebResponseBody body(x, blocks, /*text=*/true, /*with_trailers=*/false);
  EXPECT_EQ(ReadAll(body).bytes, "YQ==YmM=") << "a client sees each message when it comes";
}

class GrpcStatus : public testing::Test {
 protected:
  int Noted() {
    NoteGrpcStatus(x_);
    return x_.grpc_status;
  }

  BlockPool blocks_;
  Pieces content_{{}};
  http::Headers trailers_;
  Exchange x_{&blocks_};
};

TEST_F(GrpcStatus, IsThatOfTheTrailersBeforeThatOfTheHead) {
  x_.response.status = 200;
  x_.response_body = &content_;
  x_.response.headers.Add("grpc-status", "7");
  content_.trailers = &trailers_;
  EXPECT_EQ(Noted(), 7);
  x_.grpc_status = -1;
  trailers_.Add("grpc-status", "0");
  EXPECT_EQ(Noted(), 0);
}

TEST_F(GrpcStatus, OfAResponseWithoutOneIsWhatCallersMakeOfIt) {
  x_.response.status = 503;
  EXPECT_EQ(Noted(), 14);
  x_.grpc_status = -1;
  x_.response.status = 200;
  x_.response.headers.Add("grpc-status", "fine");
  EXPECT_EQ(Noted(), 2);
}

}  // namespace
}  // namespace penstock::proxy
