#pragma once

#include <nghttp2/nghttp2.h>

#include <array>
#include <cstddef>
#include <string>
#include <vector>

#include "dataplane/http/message.h"

namespace penstock::http::h2 {

// A head or trailer section as the protocol library takes it: views, valid until the next Set and as long as what they
// were made of. Kept for its room.
class FieldList {
 public:
  // The head of a request, from its canonical parts; SCHEME is "http" or "https". "te: trailers" is added for gRPC,
  // which needs to know that trailers pass. False as below.
  bool SetRequest(const RequestHead& head, std::string_view scheme);
  // The head of a response: ":status", the fields, and Content-Length where the framing or `declared_length` says one.
  // Fields that frame or speak about a connection are left out (RFC 9113 8.2.2). False if a name or value holds a byte
  // that no field may hold (a rewrite gone wrong).
  bool SetResponse(const ResponseHead& head);
  // A trailer section, without what may never be in one.
  bool SetTrailers(const Headers& trailers);

  const nghttp2_nv* data() const { return fields_.data(); }
  size_t size() const { return fields_.size(); }

 private:
  bool AddAll(const Headers& headers);
  void Add(std::string_view name, std::string_view value);
  // The decimal text of VALUE, in ROOM.
  template <size_t N>
  static std::string_view Number(uint64_t value, std::array<char, N>& room);

  std::vector<nghttp2_nv> fields_;
  std::string path_;  // with the query
  std::array<char, 4> status_;
  std::array<char, 20> length_;
};

}  // namespace penstock::http::h2
