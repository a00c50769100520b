#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>

#include "dataplane/base/strings.h"
#include "dataplane/policies/condition/testing.h"
#include "dataplane/policies/size_limit/size_limit_policy.h"
#include "google/protobuf/text_format.h"

namespace penstock::policies {
namespace {

using Kind = http::Framing::Kind;

absl::StatusOr<std::shared_ptr<const SizeLimitConfig>> Compile(const std::string& text) {
  xds::v1::SizeLimit message;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &message)) << text;
  return SizeLimitConfig::Compile(message);
}

constexpr char kBody[] = "request_body_bytes { most: 10 policy: 'shop/small' }";

// Content that comes in these pieces.
class Pieces final : public Body {
 public:
  explicit Pieces(std::deque<std::string_view> pieces) : pieces_(std::move(pieces)) {}
  Task<StatusOr<Chunk>> Read() override {
    if (pieces_.empty()) return StatusOr<Chunk>(Chunk());
    Chunk next = Chunk::Static(pieces_.front());
    pieces_.pop_front();
    return StatusOr<Chunk>(std::move(next));
  }
  void Cancel() override { pieces_.clear(); }
  Task<void> Finish() override { return Task<void>(); }

 private:
  std::deque<std::string_view> pieces_;
};

// Everything that can be read; its error, if it ends with one.
StatusOr<std::string> ReadAll(Body& body) {
  std::string all;
  while (true) {
    StatusOr<Chunk> chunk = RunReady(body.Read());
    if (!chunk.ok()) return chunk.status();
    if (chunk->empty()) return all;
    all += chunk->view();
  }
}

TEST(SizeLimit, DecidesByTheHead) {
  struct Row {
    const char* config;
    http::Framing framing;
    std::vector<std::pair<std::string, std::string>> fields;
    Reason reason;
  };
  const std::string forty(40, 'x');
  const Row rows[] = {
      {kBody, {Kind::kLength, 10}, {}, Reason::kNone},
      {kBody, {Kind::kLength, 11}, {}, Reason::kBodyTooLarge},
      {kBody, {Kind::kLength, uint64_t{1} << 62}, {}, Reason::kBodyTooLarge},
      {kBody, {Kind::kNone}, {}, Reason::kNone},
      {kBody, {Kind::kChunked}, {}, Reason::kNone},
      {"request_body_bytes { }", {Kind::kLength, 0}, {}, Reason::kNone},
      {"request_body_bytes { }", {Kind::kLength, 1}, {}, Reason::kBodyTooLarge},
      // 1 + 40 + 4
      {"header_bytes { most: 45 }", {}, {{"a", forty}}, Reason::kNone},
      {"header_bytes { most: 44 }", {}, {{"a", forty}}, Reason::kHeadersTooLarge},
      {"header_bytes { most: 45 }", {}, {{"a", forty}, {"b", ""}}, Reason::kHeadersTooLarge},
      {"header_count { most: 2 }", {}, {{"a", ""}, {"a", ""}}, Reason::kNone},
      {"header_count { most: 2 }", {}, {{"a", ""}, {"a", ""}, {"b", ""}}, Reason::kHeadersTooLarge},
      // What Penstock writes is not the client's.
      {"header_count { most: 1 }",
       {},
       {{"a", ""}, {"x-forwarded-for", "1"}, {"via", "1"}, {"x-request-id", "1"}},
       Reason::kNone},
  };
  for (const Row& row : rows) {
    auto config = Compile(row.config);
    ASSERT_TRUE(config.ok()) << config.status();
    SizeLimitPolicy policy(*config);
    TestRequest request{.fields = row.fields};
    TestExchange live(request);
    live->request.framing = row.framing;
    Verdict verdict = RunReady(policy.OnRequest(*live));
    EXPECT_EQ(verdict.is_reply() ? verdict.reason() : Reason::kNone, row.reason) << row.config;
    TestExchange explained(request);
    explained->request.framing = row.framing;
    EXPECT_EQ((*config)->Judge(*explained, NoFacts()).reason, row.reason) << row.config;
  }
}

TEST(SizeLimit, TellsTheLogWhoseBoundItIs) {
  SizeLimitPolicy policy(*Compile(kBody));
  TestRequest request;
  TestExchange x(request);
  x->request.framing = {Kind::kLength, 11};
  EXPECT_EQ(RunReady(policy.OnRequest(*x)).status(), 413);
  EXPECT_EQ(x->detail, "more than maxRequestBodyBytes, 10, of shop/small");
}

TEST(SizeLimit, CountsContentWhoseLengthNobodySaid) {
  struct Row {
    std::deque<std::string_view> pieces;
    bool passes;
  };
  const Row rows[] = {{{}, true},
                      {{"0123456789"}, true},
                      {{"01234", "56789"}, true},
                      {{"0123456789", "x"}, false},
                      {{"0123456789x"}, false}};
  for (const Row& row : rows) {
    SizeLimitPolicy policy(*Compile(kBody));
    TestRequest request{.method = "POST"};
    TestExchange x(request);
    Pieces pieces(row.pieces);
    x->request_body = &pieces;
    x->request.framing = {Kind::kChunked};
    EXPECT_FALSE(RunReady(policy.OnRequest(*x)).is_reply());
    StatusOr<std::string> all = ReadAll(*x->request_body);
    EXPECT_EQ(all.ok(), row.passes);
    EXPECT_EQ(x->reason, row.passes ? Reason::kNone : Reason::kBodyTooLarge);
    if (!all.ok()) EXPECT_EQ(x->detail, "more than maxRequestBodyBytes, 10, of shop/small");
  }
}

// A WebSocket of HTTP/2 begins as a request whose content has no length.
TEST(SizeLimit, DoesNotCountWhatATunnelCarries) {
  SizeLimitPolicy policy(*Compile(kBody));
  TestRequest request;
  TestExchange x(request);
  Pieces pieces({"far more than ten bytes"});
  x->request_body = &pieces;
  x->request.framing = {Kind::kChunked};
  RunReady(policy.OnRequest(*x));
  x->response.framing = {Kind::kTunnel};
  EXPECT_EQ(*ReadAll(*x->request_body), "far more than ten bytes");
}

// The smaller one counts, whichever policy stands first.
TEST(SizeLimit, MayStandTwiceInOneChain) {
  SizeLimitPolicy small(*Compile(kBody));
  SizeLimitPolicy large(*Compile("request_body_bytes { most: 1000 policy: 'shop/large' }"));
  TestRequest request;
  TestExchange x(request);
  Pieces pieces({"far more than ten bytes"});
  x->request_body = &pieces;
  x->request.framing = {Kind::kChunked};
  RunReady(small.OnRequest(*x));
  RunReady(large.OnRequest(*x));
  EXPECT_FALSE(ReadAll(*x->request_body).ok());
}

TEST(SizeLimit, DescribesItsBounds) {
  EXPECT_EQ(
      (*Compile("request_body_bytes { most: 10 } header_bytes { most: 300 } header_count { most: 5 }"))->Describe(),
      "at most 10 bytes of content, at most 300 bytes of header fields, at most 5 header fields");
}

TEST(SizeLimit, RefusesWhatCannotBeMeant) {
  EXPECT_FALSE(Compile("").ok());
  EXPECT_FALSE(Compile("header_count { }").ok());
  EXPECT_FALSE(Compile("header_bytes { }").ok());
}

}  // namespace
}  // namespace penstock::policies
