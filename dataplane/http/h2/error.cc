#include "dataplane/http/h2/error.h"

#include <cstddef>

namespace penstock::http::h2 {
namespace {

struct Row {
  int status;
  std::string_view text;
};

constexpr Row kRows[] = {
    {200, "no error"},
    {400, "a header name is malformed"},
    {400, "a header name holds an underscore"},
    {400, "a header value is malformed"},
    {400, "a connection-specific header field"},
    {400, "TE may only say trailers"},
    {400, "a pseudo-header field is unknown, repeated, missing or misplaced"},
    {400, "the method is malformed"},
    {501, "the method is too long"},
    {400, "the scheme is neither http nor https"},
    {400, "the path is malformed"},
    {414, "the path is longer than the limit"},
    {400, "there must be one authority, and Host must not differ from it"},
    {431, "the header section is larger than the limit"},
    {431, "there are more header fields than the limit"},
    {400, "Content-Length is not one plain number"},
    {400, "the content is not as long as Content-Length says"},
    {417, "the only expectation is 100-continue"},
    {400, "the trailer section is malformed or larger than the limit"},
    {502, "there must be one status, of 100 to 599"},
    {502, "HTTP/2 has no status 101"},
    {502, "too many informational responses, or one that ends the stream"},
    {502, "content before the head of the response"},
};

}  // namespace

int StatusOf(Error error) { return kRows[static_cast<size_t>(error)].status; }
std::string_view Text(Error error) { return kRows[static_cast<size_t>(error)].text; }

}  // namespace penstock::http::h2
