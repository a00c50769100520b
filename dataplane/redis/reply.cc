#include "dataplane/redis/reply.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

namespace penstock::redis {
namespace {

constexpr std::string_view kTypes = "+-:$*";
constexpr std::string_view kEnd = "\r\n";

// As the server writes it: no leading plus or zeros, no minus zero.
std::optional<std::int64_t> ParseInteger(std::string_view text) {
  std::int64_t value = 0;
  const char* end = text.data() + text.size();
  std::from_chars_result result = std::from_chars(text.data(), end, value);
  if (result.ec != std::errc() || result.ptr != end) return std::nullopt;
  std::string_view digits = text.front() == '-' ? text.substr(1) : text;
  if (digits.front() == '0' && text != "0") return std::nullopt;
  return value;
}

}  // namespace

ReplyParser::Progress ReplyParser::Parse(std::string_view& input, Reply& reply) {
  while (error_.empty() && !input.empty()) {
    if (!(reading_text_ ? TakeText(input) : TakeLine(input))) continue;
    if (!done_) continue;
    done_ = false;
    size_ = 0;
    reply = std::exchange(reply_, Reply());
    return Progress::kDone;
  }
  return error_.empty() ? Progress::kNeedMore : Progress::kError;
}

// These return false if the reply is not complete, or is wrong.

bool ReplyParser::TakeLine(std::string_view& input) {
  std::size_t feed = input.find('\n');
  std::string_view taken = input.substr(0, feed == std::string_view::npos ? feed : feed + 1);
  input.remove_prefix(taken.size());
  if (!Count(taken.size())) return false;
  line_ += taken;
  if (kTypes.find(line_.front()) == std::string_view::npos) return Fail("a reply of unknown type");
  if (line_.size() > kMaxLine) return Fail("a line that is too long");
  if (line_.back() != '\n') return false;
  if (line_.find('\r') != line_.size() - kEnd.size()) return Fail("a line without its proper end");
  line_.resize(line_.size() - kEnd.size());
  return OnLine();
}

bool ReplyParser::OnLine() {
  const std::string line = std::exchange(line_, std::string());
  const std::string_view rest = std::string_view(line).substr(1);
  switch (line.front()) {
    case '+':
      return OnValue({.kind = Reply::Kind::kStatus, .text = std::string(rest)});
    case '-':
      return OnValue({.kind = Reply::Kind::kError, .text = std::string(rest)});
    case '$':
      return OnTextLength(rest);
    case '*':
      return OnArrayLength(rest);
    default:
      break;
  }
  std::optional<std::int64_t> integer = rest.empty() ? std::nullopt : ParseInteger(rest);
  if (!integer) return Fail("a number that is none");
  return OnValue({.kind = Reply::Kind::kInteger, .integer = *integer});
}

bool ReplyParser::OnTextLength(std::string_view digits) {
  if (digits == "-1") return OnValue(Reply());
  std::optional<std::int64_t> length = digits.empty() ? std::nullopt : ParseInteger(digits);
  if (!length || *length < 0) return Fail("a length that is none");
  if (*length > static_cast<std::int64_t>(kMaxText)) return Fail("a text that is too long");
  text_length_ = static_cast<std::size_t>(*length);
  reading_text_ = true;
  return false;
}

bool ReplyParser::OnArrayLength(std::string_view digits) {
  if (digits == "-1") return OnValue(Reply());
  std::optional<std::int64_t> length = digits.empty() ? std::nullopt : ParseInteger(digits);
  if (!length || *length < 0) return Fail("a length that is none");
  if (*length > static_cast<std::int64_t>(kMaxItems)) return Fail("an array that is too long");
  if (open_.size() == kMaxDepth) return Fail("arrays that are too deep");
  Reply array{.kind = Reply::Kind::kArray};
  if (*length == 0) return OnValue(std::move(array));
  open_.push_back({std::move(array), static_cast<std::size_t>(*length)});
  return false;
}

bool ReplyParser::TakeText(std::string_view& input) {
  std::string_view taken = input.substr(0, text_length_ + kEnd.size() - text_.size());
  input.remove_prefix(taken.size());
  if (!Count(taken.size())) return false;
  text_ += taken;
  std::string_view end = std::string_view(text_).substr(std::min(text_length_, text_.size()));
  if (!kEnd.starts_with(end)) return Fail("a text without its proper end");
  if (end.size() < kEnd.size()) return false;
  text_.resize(text_length_);
  reading_text_ = false;
  return OnValue({.kind = Reply::Kind::kText, .text = std::exchange(text_, std::string())});
}

bool ReplyParser::OnValue(Reply value) {
  while (!open_.empty()) {
    Open& inner = open_.back();
    inner.array.items.push_back(std::move(value));
    if (--inner.missing > 0) return false;
    value = std::move(inner.array);
    open_.pop_back();
  }
  reply_ = std::move(value);
  return done_ = true;
}

bool ReplyParser::Count(std::size_t bytes) {
  size_ += bytes;
  return size_ <= kMaxReply || Fail("a reply that is too long");
}

bool ReplyParser::Fail(std::string_view error) {
  error_ = error;
  return false;
}

void AppendCommand(std::span<const std::string_view> arguments, std::string& out) {
  auto append_line = [&out](char type, std::size_t number) {
    out += type;
    out += std::to_string(number);
    out += kEnd;
  };
  append_line('*', arguments.size());
  for (std::string_view argument : arguments) {
    append_line('$', argument.size());
    out += argument;
    out += kEnd;
  }
}

}  // namespace penstock::redis
