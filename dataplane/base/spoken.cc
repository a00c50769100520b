#include "dataplane/base/spoken.h"

#include <algorithm>

namespace penstock {
namespace {

// A method and a blank. Methods of extensions are written in capitals, too.
bool BeginsAsRequest(std::string_view bytes) {
  constexpr size_t kLongest = 20;
  size_t blank = bytes.find(' ');
  if (blank == std::string_view::npos || blank < 3 || blank > kLongest) return false;
  return std::all_of(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(blank),
                     [](char c) { return (c >= 'A' && c <= 'Z') || c == '-'; });
}

struct Row {
  std::string_view begin;
  Spoken spoken;
};
constexpr Row kRows[] = {
    {"\x16", Spoken::kTls},            // a record of a handshake; no text begins so
    {"SSH-", Spoken::kSsh},            // RFC 4253 4.2
    {"PRI * HTTP/2", Spoken::kHttp2},  // RFC 9113 3.4
    {"PROXY ", Spoken::kProxyHeader}, {{"\r\n\r\n\0\r\nQUIT\n", 12}, Spoken::kProxyHeader},  // version 2
};

}  // namespace

Spoken SpokenBy(std::string_view bytes) {
  for (const Row& row : kRows) {
    if (bytes.starts_with(row.begin)) return row.spoken;
  }
  return BeginsAsRequest(bytes) ? Spoken::kHttp : Spoken::kUnknown;
}

std::string_view TextAtTls(Spoken spoken) {
  switch (spoken) {
    case Spoken::kHttp:
    case Spoken::kHttp2:
      return "HTTP in the clear at a port that speaks TLS";
    case Spoken::kSsh:
      return "SSH at a port that speaks TLS";
    case Spoken::kProxyHeader:
      return "a header of the PROXY protocol at a port that speaks TLS and expects none";
    default:
      return "no TLS at a port that speaks TLS";
  }
}

}  // namespace penstock
