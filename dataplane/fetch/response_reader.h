#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "dataplane/base/status.h"
#include "dataplane/http/h1/chunked.h"
#include "dataplane/http/h1/head_parser.h"
#include "dataplane/http/message.h"

namespace penstock::fetch {

// Reads the answer to one GET over HTTP/1.1: the content of a 200, whole. Everything else is an error whose text is for
// people and holds nothing that the server wrote but its status. Pure; used for one answer.
class ResponseReader {
 public:
  // The head of an answer takes at most so many informational ones before it.
  static constexpr int kMaxInformational = 8;

  // MAX_BYTES: of the content.
  explicit ResponseReader(size_t max_bytes) : max_bytes_(max_bytes) {}
  ResponseReader(const ResponseReader&) = delete;

  // The next bytes of the connection. What follows the answer is ignored.
  Status Take(std::string_view bytes);
  // The connection has ended, as its peer meant it.
  Status End();

  bool done() const { return done_; }
  // REQUIRES: done().
  std::string TakeContent() { return std::move(content_); }

 private:
  Status ReadHead();
  Status CheckHead() const;
  Status ReadContent(std::string_view bytes);
  Status ReadChunks(std::string_view bytes);
  Status Add(std::string_view content);
  Status TooLarge() const;

  const size_t max_bytes_;
  std::string received_;  // the head, and what came with it
  http::h1::ResponseParser parser_{http::h1::HeadLimits{}};
  http::ResponseHead head_;  // its views point into received_
  int informational_ = 0;
  bool head_done_ = false;
  http::h1::ChunkedDecoder chunked_{http::h1::HeadLimits{}};
  uint64_t left_ = 0;  // of a content with a length
  std::string content_;
  bool done_ = false;
};

}  // namespace penstock::fetch
