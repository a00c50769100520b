#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "dataplane/base/arena.h"
#include "dataplane/http/h1/head_parser.h"
#include "dataplane/http/h2/error.h"
#include "dataplane/http/message.h"

namespace penstock::http::h2 {

// Makes a response's head of decoded fields (RFC 9113 8.3.2), as strictly as the parser of HTTP/1 and with the same
// result, but for its version. Copies what it keeps; keeps nothing more after an error.
class ResponseHeadReader {
 public:
  // HEAD's views will live in ARENA. Both outlive the reading.
  void Begin(const h1::HeadLimits& limits, ResponseHead& head, Arena& arena);
  // The next field. Names and values may be gone afterwards.
  void Add(std::string_view name, std::string_view value);
  // The section is complete; METHOD is the request's; END_STREAM: no content follows. Sets framing and declared_length.
  Error End(Method method, bool end_stream);

 private:
  Error Check(std::string_view name, std::string_view value);
  Error SetStatus(std::string_view name, std::string_view value);
  Error SetFraming(Method method, bool end_stream);

  h1::HeadLimits limits_;
  ResponseHead* head_ = nullptr;
  Arena* arena_ = nullptr;
  Error error_ = Error::kNone;
  size_t bytes_ = 0;
  uint32_t count_ = 0;
};

}  // namespace penstock::http::h2
