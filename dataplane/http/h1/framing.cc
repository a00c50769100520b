#include "dataplane/http/h1/framing.h"

#include <optional>

#include "dataplane/http/content_length.h"
#include "dataplane/http/status_code.h"
#include "dataplane/http/upgrade.h"

namespace penstock::http::h1 {
namespace {

struct Lengths {
  bool chunked = false;
  std::optional<uint64_t> length;
};

// What the two length fields say, if they say one thing.
Error ReadLengths(const Headers& headers, Version version, Lengths& out) {
  bool has_coding = headers.Has(HeaderId::kTransferEncoding);
  bool has_length = headers.Has(HeaderId::kContentLength);
  if (has_coding && has_length) return Error::kBothLengths;
  if (has_coding) {
    if (version == Version::kHttp10) return Error::kTransferEncoding10;
    bool exact =
        headers.HasOne(HeaderId::kTransferEncoding) && EqualsLower(headers.Get(HeaderId::kTransferEncoding), "chunked");
    if (!exact) return Error::kTransferEncoding;
    out.chunked = true;
  }
  if (has_length) {
    if (!headers.HasOne(HeaderId::kContentLength)) return Error::kContentLength;
    out.length = ParseContentLength(headers.Get(HeaderId::kContentLength));
    if (!out.length.has_value()) return Error::kContentLength;
  }
  return Error::kNone;
}

// Does the connection end after this message (RFC 9112 9.3)? "close" wins; HTTP/1.0 always ends here.
bool EndsConnection(const Headers& headers, Version version) {
  if (version == Version::kHttp10) return true;
  if (!headers.Has(HeaderId::kConnection)) return false;
  for (const Field& field : headers) {
    if (field.id() == HeaderId::kConnection && ListHas(field.value(), "close")) return true;
  }
  return false;
}

}  // namespace

Error FrameRequest(RequestHead& head) {
  const Headers& headers = head.headers;
  if (!headers.HasOne(HeaderId::kHost)) return Error::kHost;
  Lengths lengths;
  Error error = ReadLengths(headers, head.version, lengths);
  if (error != Error::kNone) return error;
  head.framing = {};
  if (lengths.chunked) head.framing.kind = Framing::Kind::kChunked;
  if (lengths.length.has_value()) head.framing = {Framing::Kind::kLength, *lengths.length};
  head.close = EndsConnection(headers, head.version);
  head.expect_continue = false;
  if (headers.Has(HeaderId::kExpect)) {
    bool exact = headers.HasOne(HeaderId::kExpect) && EqualsLower(headers.Get(HeaderId::kExpect), "100-continue");
    if (!exact) return Error::kExpectation;
    head.expect_continue = head.version == Version::kHttp11 && head.framing.HasBody();
  }
  if (headers.Has(HeaderId::kUpgrade)) head.upgrade = WishedProtocol(head);
  return Error::kNone;
}

Error FrameResponse(ResponseHead& head, Method method) {
  head.close = EndsConnection(head.headers, head.version);
  head.framing = {};
  head.declared_length.reset();
  Lengths lengths;
  Error error = ReadLengths(head.headers, head.version, lengths);
  if (error != Error::kNone) return error;
  // RFC 9112 6.3 rule 1; 1xx and 204 must not carry lengths (RFC 9110 8.6), and what they say is dropped.
  if (head.status < 200 || head.status == 204) return Error::kNone;
  if (method == Method::kHead || head.status == 304) {
    head.declared_length = lengths.length;
    return Error::kNone;
  }
  if (lengths.chunked) {
    head.framing.kind = Framing::Kind::kChunked;
  } else if (lengths.length.has_value()) {
    head.framing = {Framing::Kind::kLength, *lengths.length};
  } else {
    head.framing.kind = Framing::Kind::kUntilClose;
    head.close = true;
  }
  return Error::kNone;
}

}  // namespace penstock::http::h1
