#include "dataplane/redis/reply.h"

#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace penstock::redis {
namespace {

using Kind = Reply::Kind;
using Progress = ReplyParser::Progress;

Reply Status(std::string text) { return {.kind = Kind::kStatus, .text = std::move(text)}; }
Reply Integer(std::int64_t value) { return {.kind = Kind::kInteger, .integer = value}; }
Reply Text(std::string text) { return {.kind = Kind::kText, .text = std::move(text)}; }
Reply Array(std::vector<Reply> items) { return {.kind = Kind::kArray, .items = std::move(items)}; }

struct Read {
  std::vector<Reply> replies;
  std::string error;
  bool between = false;
};

// INPUT, in pieces of SIZE.
Read ReadAll(std::string_view input, std::size_t size) {
  ReplyParser parser;
  Read read;
  while (!input.empty() && read.error.empty()) {
    std::string_view piece = input.substr(0, size);
    input.remove_prefix(piece.size());
    Reply reply;
    Progress progress;
    while ((progress = parser.Parse(piece, reply)) == Progress::kDone) read.replies.push_back(std::move(reply));
    read.error = parser.error();
    EXPECT_EQ(progress == Progress::kError, !read.error.empty());
  }
  read.between = parser.between_replies();
  return read;
}

void ExpectReplies(std::string_view input, const std::vector<Reply>& replies) {
  for (std::size_t size = 1; size <= input.size(); ++size) {
    Read read = ReadAll(input, size);
    EXPECT_EQ(read.error, "") << input;
    EXPECT_EQ(read.replies, replies) << input;
    EXPECT_TRUE(read.between);
  }
}

TEST(ReplyParser, ReadsEveryKindInPiecesOfAnySize) {
  ExpectReplies("+OK\r\n", {Status("OK")});
  ExpectReplies("+\r\n", {Status("")});
  ExpectReplies("-ERR no\r\n", {{.kind = Kind::kError, .text = "ERR no"}});
  ExpectReplies(":0\r\n:-12\r\n:9223372036854775807\r\n", {Integer(0), Integer(-12), Integer(9223372036854775807)});
  ExpectReplies("$0\r\n\r\n$5\r\na\r\nb\n\r\n", {Text(""), Text("a\r\nb\n")});
  ExpectReplies("$-1\r\n*-1\r\n*0\r\n", {Reply(), Reply(), Array({})});
  ExpectReplies("*3\r\n:1\r\n*2\r\n+a\r\n*0\r\n$1\r\nb\r\n+next\r\n",
                {Array({Integer(1), Array({Status("a"), Array({})}), Text("b")}), Status("next")});
  ExpectReplies("*1\r\n*1\r\n*1\r\n*1\r\n:1\r\n", {Array({Array({Array({Array({Integer(1)})})})})});
}

TEST(ReplyParser, RefusesWhatIsNotExactlyRespTwo) {
  const std::string_view wrong[] = {"x",
                                    "\r\n",
                                    "+a\n",
                                    "+a\rb\r\n",
                                    "+a\r\r\n",
                                    ":\r\n",
                                    ":+1\r\n",
                                    ":01\r\n",
                                    ":-0\r\n",
                                    ":1 \r\n",
                                    ": 1\r\n",
                                    ":1.5\r\n",
                                    ":0x1\r\n",
                                    ":9223372036854775808\r\n",
                                    "$\r\n",
                                    "$-2\r\n",
                                    "$-0\r\n",
                                    "$01\r\n",
                                    "$1\r\nab",
                                    "$1\r\na\rx",
                                    "$1\r\na\nx",
                                    "*\r\n",
                                    "*-2\r\n",
                                    "*+1\r\n",
                                    "*1\r\nx",
                                    "_\r\n",
                                    "%1\r\n",
                                    "#t\r\n",
                                    ">1\r\n:1\r\n",
                                    "(123\r\n",
                                    "HTTP/1.1 200"};
  for (std::string_view input : wrong) {
    for (std::size_t size = 1; size <= input.size(); ++size) {
      Read read = ReadAll(input, size);
      EXPECT_NE(read.error, "") << input;
      EXPECT_TRUE(read.replies.empty()) << input;
    }
  }
}

TEST(ReplyParser, KeepsToItsBounds) {
  const std::string line(ReplyParser::kMaxLine - 3, 'a');
  EXPECT_EQ(ReadAll("+" + line + "\r\n", 1000).replies.size(), 1u);
  EXPECT_EQ(ReadAll("+" + line + "a\r\n", 1000).error, "a line that is too long");
  EXPECT_EQ(ReadAll("+" + line + line, 1000).error, "a line that is too long");
  const std::string text(ReplyParser::kMaxText, 'a');
  EXPECT_EQ(ReadAll("$65536\r\n" + text + "\r\n", 1000).replies.size(), 1u);
  EXPECT_EQ(ReadAll("$65537\r\n", 1000).error, "a text that is too long");
  EXPECT_EQ(ReadAll("*65\r\n", 1000).error, "an array that is too long");
  EXPECT_EQ(ReadAll("*1\r\n*1\r\n*1\r\n*1\r\n*0\r\n", 1000).error, "arrays that are too deep");
  std::string large = "*64\r\n";
  for (int i = 0; i < 64; ++i) large += "$65536\r\n" + text + "\r\n";
  EXPECT_EQ(ReadAll(large, 1000).error, "a reply that is too long");
}

TEST(ReplyParser, SaysNothingElseAfterAnError) {
  ReplyParser parser;
  Reply reply;
  std::string_view wrong = "?";
  EXPECT_EQ(parser.Parse(wrong, reply), Progress::kError);
  std::string_view right = "+OK\r\n";
  EXPECT_EQ(parser.Parse(right, reply), Progress::kError);
  EXPECT_EQ(parser.error(), "a reply of unknown type");
}

TEST(Command, CountsItsArgumentsSoThatNoBytesEndIt) {
  std::string out = "before";
  const std::string_view arguments[] = {"SET", "a\r\n*1\r\n$8\r\nFLUSHALL\r\n", ""};
  AppendCommand(arguments, out);
  EXPECT_EQ(out, "before*3\r\n$3\r\nSET\r\n$21\r\na\r\n*1\r\n$8\r\nFLUSHALL\r\n\r\n$0\r\n\r\n");
}

}  // namespace
}  // namespace penstock::redis
