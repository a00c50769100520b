#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "dataplane/base/arena.h"
#include "dataplane/http/h1/head_parser.h"
#include "dataplane/http/h2/error.h"
#include "dataplane/http/h2/field_rules.h"
#include "dataplane/http/message.h"

namespace penstock::http::h2 {

using HeadLimits = h1::HeadLimits;

// CONNECT with ":protocol" (RFC 8441).
enum class ExtendedConnect : uint8_t { kNotOffered, kOffered };

// Makes a request's head of decoded fields (RFC 9113 8.3.1), as strictly as the parser of HTTP/1 and with the same
// result: whatever comes behind it cannot tell which protocol a request came by, but for its version. So extended
// CONNECT becomes the GET that wishes for another protocol. Copies what it keeps. After an error it keeps nothing more,
// so that a compression bomb costs no memory.
class RequestHeadReader {
 public:
  // HEAD's views will live in ARENA. Both outlive the reading.
  void Begin(const HeadLimits& limits, ExtendedConnect extended, RequestHead& head, Arena& arena);
  // The next field. Names and values may be gone afterwards.
  void Add(std::string_view name, std::string_view value);
  // The section is complete; END_STREAM: no content follows. Sets method, target, Host, framing and what else HTTP/1's
  // parser sets. `target` is :path (of CONNECT: the authority).
  Error End(bool end_stream);

 private:
  enum Pseudo : uint8_t { kMethod = 1, kScheme = 2, kAuthority = 4, kPath = 8, kProtocol = 16 };

  Error Check(std::string_view name, std::string_view value);
  Error AddPseudo(std::string_view name, std::string_view value);
  Error AddRegular(std::string_view name, std::string_view value);
  Error SetMethod(std::string_view value);
  Error SetPath(std::string_view value);
  Error SetProtocol(std::string_view value);
  Error CheckPseudo();
  Error CheckConnect();
  Error TakeExtendedConnect();
  Error SetHost();
  Error SetFraming(bool end_stream);
  Error SetExpectation();
  void JoinCookies();

  HeadLimits limits_;
  ExtendedConnect extended_ = ExtendedConnect::kNotOffered;
  RequestHead* head_ = nullptr;
  Arena* arena_ = nullptr;
  Error error_ = Error::kNone;
  size_t bytes_ = 0;
  uint32_t count_ = 0;
  uint8_t seen_ = 0;  // Pseudo
  std::string_view authority_;
};

// The fields behind the content: no pseudo-fields, no fields that speak about a connection, the limits of a head.
class TrailerReader {
 public:
  void Begin(const HeadLimits& limits, Headers& trailers, Arena& arena, Underscores underscores = Underscores::kReject);
  void Add(std::string_view name, std::string_view value);
  Error End() const { return error_; }

 private:
  HeadLimits limits_;
  Headers* trailers_ = nullptr;
  Arena* arena_ = nullptr;
  Underscores underscores_ = Underscores::kReject;
  Error error_ = Error::kNone;
  size_t bytes_ = 0;
};

}  // namespace penstock::http::h2
