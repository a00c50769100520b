#include "dataplane/http/h1/error.h"

#include <cstddef>

namespace penstock::http::h1 {
namespace {

struct Row {
  int status;
  std::string_view text;
};

constexpr Row kRows[] = {
    {200, "no error"},
    {400, "the request line is malformed"},
    {400, "TLS at a port that speaks HTTP in the clear"},
    {400, "HTTP/2 that was not agreed on, and is not expected in the clear"},
    {400, "SSH at a port that speaks HTTP"},
    {400, "a header of the PROXY protocol at a port that expects none"},
    {501, "the method is too long"},
    {414, "the request line is longer than the limit"},
    {505, "only HTTP/1.0 and HTTP/1.1 are spoken here"},
    {502, "the status line is malformed"},
    {400, "a header line is malformed"},
    {400, "a header name holds an underscore"},
    {431, "the header section is larger than the limit"},
    {431, "there are more header fields than the limit"},
    {400, "there must be exactly one Host field"},
    {400, "Content-Length is not one plain number"},
    {400, "both Content-Length and Transfer-Encoding are given"},
    {501, "the only transfer coding is chunked"},
    {400, "HTTP/1.0 has no transfer codings"},
    {417, "the only expectation is 100-continue"},
    {400, "the chunked coding is malformed"},
    {400, "a chunk size is too large"},
    {400, "chunk extensions are longer than the limit"},
    {400, "the trailer section is malformed or larger than the limit"},
};

}  // namespace

int StatusOf(Error error) { return kRows[static_cast<size_t>(error)].status; }
std::string_view Text(Error error) { return kRows[static_cast<size_t>(error)].text; }

}  // namespace penstock::http::h1
