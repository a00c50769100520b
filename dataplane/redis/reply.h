#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace penstock::redis {

// What a server answers (RESP version 2).
struct Reply {
  enum class Kind : std::uint8_t {
    kStatus,   // text: "OK"
    kError,    // text: "ERR unknown command", from elsewhere: not for a terminal as it is
    kInteger,  // integer
    kText,     // text: any bytes
    kNil,
    kArray,  // items
  };

  Kind kind = Kind::kNil;
  std::int64_t integer = 0;
  std::string text = {};
  std::vector<Reply> items = {};

  bool operator==(const Reply&) const = default;
};

// Reads replies out of bytes that come in pieces of any size, each byte once. The server is not trusted: what is not
// exactly RESP2, or exceeds a bound, is an error, after which the connection means nothing any more.
class ReplyParser {
 public:
  static constexpr std::size_t kMaxLine = std::size_t{64} << 10;  // with its end
  static constexpr std::size_t kMaxText = std::size_t{64} << 10;
  static constexpr std::size_t kMaxItems = 64;
  static constexpr std::size_t kMaxDepth = 4;
  // Of one reply, all its bytes.
  static constexpr std::size_t kMaxReply = std::size_t{256} << 10;

  enum class Progress : std::uint8_t { kNeedMore, kDone, kError };

  // Takes bytes off the front of INPUT: all of it (kNeedMore), or up to the end of one reply, which it writes to REPLY
  // (kDone). Once it said kError it says nothing else.
  Progress Parse(std::string_view& input, Reply& reply);

  // Nothing of a reply has been read yet.
  bool between_replies() const { return size_ == 0; }
  // After kError: what is wrong. Static text.
  std::string_view error() const { return error_; }

 private:
  // An array that is not complete.
  struct Open {
    Reply array;
    std::size_t missing;
  };

  bool TakeLine(std::string_view& input);
  bool TakeText(std::string_view& input);
  bool Count(std::size_t bytes);
  bool OnLine();
  bool OnTextLength(std::string_view digits);
  bool OnArrayLength(std::string_view digits);
  bool OnValue(Reply value);
  bool Fail(std::string_view error);

  std::string line_;             // without its end
  std::size_t text_length_ = 0;  // while reading_text_
  bool reading_text_ = false;
  std::string text_;
  std::vector<Open> open_;  // the innermost one last
  std::size_t size_ = 0;    // bytes of the reply so far
  bool done_ = false;
  Reply reply_;
  std::string_view error_;
};

// Adds a command to OUT. Each argument is counted bytes: none of them can end it, or begin another one.
void AppendCommand(std::span<const std::string_view> arguments, std::string& out);

}  // namespace penstock::redis
