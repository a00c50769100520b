#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "dataplane/http/headers.h"
#include "dataplane/http/method.h"

namespace penstock::http {

enum class Version : uint8_t { kHttp10, kHttp11, kHttp2 };

// As the protocol is named to people: "HTTP/1.1".
constexpr std::string_view VersionText(Version version) {
  constexpr std::string_view kTexts[] = {"HTTP/1.0", "HTTP/1.1", "HTTP/2"};
  return kTexts[static_cast<size_t>(version)];
}

// Where the content of a message ends (RFC 9112 6.3). Computed once, strictly, and never copied to the next hop.
struct Framing {
  enum class Kind : uint8_t {
    kNone,        // no content
    kLength,      // exactly `length` bytes
    kChunked,     // until the message says so: chunked transfer coding, or the end of an HTTP/2 stream
    kUntilClose,  // responses only: until the peer closes
    kTunnel,      // of a 101: from here on the connection carries another protocol, both ways, until each side ends
  };
  Kind kind = Kind::kNone;
  uint64_t length = 0;  // of kLength

  bool HasBody() const { return kind != Kind::kNone && !(kind == Kind::kLength && length == 0); }
};

// A request's head. The views live in the parsed block or in the Exchange's arena. Whoever decides anything (policy,
// router, log, upstream) reads the canonical part, never `target` or the Host field: what is evaluated is what is sent.
struct RequestHead {
  // As received.
  Method method = Method::kOther;
  Version version = Version::kHttp11;
  std::string_view method_text;
  std::string_view target;

  // Canonical; filled in by ResolveTarget (uri.h).
  std::string_view scheme;     // "http" or "https": the listener's
  std::string_view authority;  // host, and ":port" if the client named one: what the next hop gets as Host
  std::string_view host;       // lower case, without port and trailing dot; IPv6 literals keep their brackets
  uint16_t port = 0;           // 0: none was named
  std::string_view path;       // begins with "/" ("*" for OPTIONS *)
  std::string_view query;      // without the "?"
  bool has_query = false;      // tells "/a?" from "/a"

  // Of this hop.
  Framing framing;
  bool close = false;            // the connection ends after this message: "Connection: close" or HTTP/1.0
  bool expect_continue = false;  // the client waits for 100 (Continue) before it sends the content
  // The protocol that the request wants to switch to (upgrade.h; ":protocol" in HTTP/2), or "". Forwarding replaces it
  // by what the rule allows, in lower case: the next hop is asked for that and nothing else.
  std::string_view upgrade;

  Headers headers;

  void Clear() {
    method = Method::kOther;
    version = Version::kHttp11;
    method_text = target = scheme = authority = host = path = query = upgrade = {};
    port = 0;
    has_query = close = expect_continue = false;
    framing = {};
    headers.Clear();
  }
};

// A response's head, of an upstream or of our own.
struct ResponseHead {
  int status = 0;
  Version version = Version::kHttp11;
  Framing framing;
  // What Content-Length says where it does not frame anything: in answers to HEAD and in 304 (RFC 9110 8.6).
  std::optional<uint64_t> declared_length;
  bool close = false;        // the connection that it came on ends after it
  std::string_view upgrade;  // of a 101 whose framing is kTunnel: the protocol that follows, in lower case

  Headers headers;

  void Clear() {
    status = 0;
    version = Version::kHttp11;
    framing = {};
    declared_length.reset();
    close = false;
    upgrade = {};
    headers.Clear();
  }
};

}  // namespace penstock::http
