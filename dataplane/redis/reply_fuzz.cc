// Replies in pieces are what they are in one, errors too; a parser keeps to its bounds; texts of replies that are sent
// as a command come back as they were.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "dataplane/redis/reply.h"

namespace penstock::redis {
namespace {

using Progress = ReplyParser::Progress;

void Require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "%s\n", what);
  std::abort();
}

struct Result {
  std::vector<Reply> replies;
  std::string_view error;
  bool between = true;

  bool operator==(const Result&) const = default;
};

Result Read(std::string_view input, std::size_t size) {
  ReplyParser parser;
  Result result;
  while (!input.empty() && result.error.empty()) {
    std::string_view piece = input.substr(0, size);
    input.remove_prefix(piece.size());
    for (Progress progress = Progress::kDone; progress == Progress::kDone;) {
      Reply reply;
      progress = parser.Parse(piece, reply);
      if (progress == Progress::kDone) result.replies.push_back(std::move(reply));
      Require(progress != Progress::kNeedMore || piece.empty(), "left bytes that it needs");
    }
    result.error = parser.error();
  }
  result.between = parser.between_replies();
  return result;
}

void RequireBounds(const Reply& reply, std::size_t depth) {
  Require(reply.text.size() <= ReplyParser::kMaxText, "a text that is too long");
  Require(reply.items.size() <= ReplyParser::kMaxItems, "an array that is too long");
  Require(reply.kind != Reply::Kind::kArray || depth < ReplyParser::kMaxDepth, "arrays that are too deep");
  Require(reply.kind == Reply::Kind::kArray || reply.items.empty(), "items of what is no array");
  for (const Reply& item : reply.items) RequireBounds(item, depth + 1);
}

void RequireRoundTrip(const std::vector<Reply>& replies) {
  std::vector<std::string_view> texts;
  for (const Reply& reply : replies) texts.push_back(reply.text);
  if (texts.empty() || texts.size() > ReplyParser::kMaxItems) return;
  std::string command;
  AppendCommand(texts, command);
  if (command.size() > ReplyParser::kMaxReply) return;
  Result again = Read(command, command.size());
  Require(again.error.empty() && again.replies.size() == 1, "a command is one array");
  Require(again.replies[0].items.size() == texts.size(), "a command has its arguments");
  for (std::size_t i = 0; i < texts.size(); ++i)
    Require(again.replies[0].items[i].text == texts[i], "another argument");
}

}  // namespace
}  // namespace penstock::redis

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace penstock::redis;
  std::string_view input(reinterpret_cast<const char*>(data), size);
  Result whole = Read(input, size + 1);
  Require(whole == Read(input, 1), "other replies byte by byte");
  Require(whole == Read(input, 7), "other replies in pieces");
  for (const Reply& reply : whole.replies) RequireBounds(reply, 0);
  RequireRoundTrip(whole.replies);
  return 0;
}
