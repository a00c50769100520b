#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace penstock::http {

// What a proxy must know about a header field before it forwards it. Flags of a well-known name.
enum HeaderFlag : uint8_t {
  kHopByHop = 1,    // RFC 9110 7.6.1: ends at the next hop, removed in both directions
  kFraming = 2,     // decides where a message ends or whom it is for; made anew on every hop, never copied
  kForwarding = 4,  // says who stood before us; dropped unless the peer is a trusted proxy
  kOverride =
      8,  // some gateway or framework reads another path, host, client or method out of it; dropped from every request
  kAuth = 16,        // credentials
  kProxyOwned = 32,  // written by this proxy
};

// Name, text, flags. Names are lower case everywhere in Penstock.
#define PENSTOCK_WELL_KNOWN_HEADERS(X)                                                     \
  X(kHost, "host", kFraming)                                                               \
  X(kContentLength, "content-length", kFraming)                                            \
  X(kTransferEncoding, "transfer-encoding", kFraming | kHopByHop)                          \
  X(kConnection, "connection", kHopByHop)                                                  \
  X(kKeepAlive, "keep-alive", kHopByHop)                                                   \
  X(kProxyConnection, "proxy-connection", kHopByHop)                                       \
  X(kTe, "te", kHopByHop)                                                                  \
  X(kTrailer, "trailer", kHopByHop)                                                        \
  X(kUpgrade, "upgrade", kHopByHop)                                                        \
  X(kHttp2Settings, "http2-settings", kHopByHop)                                           \
  X(kExpect, "expect", kFraming)                                                           \
  X(kMaxForwards, "max-forwards", kProxyOwned)                                             \
  X(kProxyAuthenticate, "proxy-authenticate", kHopByHop)                                   \
  X(kProxyAuthorization, "proxy-authorization", kHopByHop | kAuth)                         \
  X(kProxyAuthenticationInfo, "proxy-authentication-info", kHopByHop)                      \
  X(kForwarded, "forwarded", kForwarding | kProxyOwned)                                    \
  X(kVia, "via", kProxyOwned)                                                              \
  X(kXForwardedFor, "x-forwarded-for", kForwarding | kProxyOwned)                          \
  X(kXForwardedProto, "x-forwarded-proto", kForwarding | kProxyOwned)                      \
  X(kXForwardedHost, "x-forwarded-host", kForwarding | kProxyOwned)                        \
  X(kXForwardedPort, "x-forwarded-port", kForwarding | kProxyOwned)                        \
  X(kXRealIp, "x-real-ip", kForwarding | kProxyOwned)                                      \
  X(kXRequestId, "x-request-id", kForwarding | kProxyOwned)                                \
  X(kXForwardedClientCert, "x-forwarded-client-cert", kForwarding | kProxyOwned)           \
  X(kXPenstockReason, "x-penstock-reason", kProxyOwned | kOverride)                        \
  X(kXForwardedPrefix, "x-forwarded-prefix", kOverride)                                    \
  X(kXForwardedUri, "x-forwarded-uri", kOverride)                                          \
  X(kXForwardedUrl, "x-forwarded-url", kOverride)                                          \
  X(kXForwardedPath, "x-forwarded-path", kOverride)                                        \
  X(kXForwardedMethod, "x-forwarded-method", kOverride)                                    \
  X(kXForwardedServer, "x-forwarded-server", kOverride)                                    \
  X(kXForwardedScheme, "x-forwarded-scheme", kOverride)                                    \
  X(kXForwardedSsl, "x-forwarded-ssl", kOverride)                                          \
  X(kXForwardedUser, "x-forwarded-user", kOverride)                                        \
  X(kXOriginalUrl, "x-original-url", kOverride)                                            \
  X(kXOriginalUri, "x-original-uri", kOverride)                                            \
  X(kXOriginalHost, "x-original-host", kOverride)                                          \
  X(kXOriginalMethod, "x-original-method", kOverride)                                      \
  X(kXOriginalForwardedFor, "x-original-forwarded-for", kOverride)                         \
  X(kXOriginalRemoteAddr, "x-original-remote-addr", kOverride)                             \
  X(kXRewriteUrl, "x-rewrite-url", kOverride)                                              \
  X(kXHost, "x-host", kOverride)                                                           \
  X(kXClientIp, "x-client-ip", kOverride)                                                  \
  X(kXRemoteIp, "x-remote-ip", kOverride)                                                  \
  X(kXRemoteAddr, "x-remote-addr", kOverride)                                              \
  X(kXClusterClientIp, "x-cluster-client-ip", kOverride)                                   \
  X(kTrueClientIp, "true-client-ip", kOverride)                                            \
  X(kXUrlScheme, "x-url-scheme", kOverride)                                                \
  X(kFrontEndHttps, "front-end-https", kOverride)                                          \
  X(kXEnvoyOriginalPath, "x-envoy-original-path", kOverride)                               \
  X(kXEnvoyOriginalHost, "x-envoy-original-host", kOverride)                               \
  X(kXEnvoyExternalAddress, "x-envoy-external-address", kOverride)                         \
  X(kXEnvoyInternal, "x-envoy-internal", kOverride)                                        \
  X(kProxy, "proxy", kOverride) /* httpoxy, CVE-2016-5385: CGI turns it into HTTP_PROXY */ \
  X(kAuthorization, "authorization", kAuth)                                                \
  X(kCookie, "cookie", kAuth)                                                              \
  X(kSetCookie, "set-cookie", kAuth)                                                       \
  X(kDate, "date", 0)                                                                      \
  X(kServer, "server", 0)                                                                  \
  X(kLocation, "location", 0)                                                              \
  X(kContentType, "content-type", 0)                                                       \
  X(kOrigin, "origin", 0)                                                                  \
  X(kVary, "vary", 0)

// Index of a well-known name; kOther for every other.
enum class HeaderId : uint8_t {
  kOther = 0,
#define X(id, text, flags) id,
  PENSTOCK_WELL_KNOWN_HEADERS(X)
#undef X
      kCount
};
static_assert(static_cast<int>(HeaderId::kCount) <= 64, "Headers keeps one bit per id in a word");

// The id of NAME, which must be lower case. One multiplication, one load and one comparison, found or not.
HeaderId FindHeaderId(std::string_view name);

struct HeaderRow {
  std::string_view text;
  uint8_t flags;
};
inline constexpr HeaderRow kHeaderRows[] = {{"", 0},
#define X(id, text, flags) {text, flags},
                                            PENSTOCK_WELL_KNOWN_HEADERS(X)
#undef X
};

// The lower-case text of a well-known name; "" for kOther. Static storage.
constexpr std::string_view HeaderText(HeaderId id) { return kHeaderRows[static_cast<size_t>(id)].text; }

// Flags of ID, or of any name: a vendor's gateway namespace (x-envoy-, x-penstock-) counts as kOverride as a whole.
constexpr uint8_t FlagsOf(HeaderId id) { return kHeaderRows[static_cast<size_t>(id)].flags; }
constexpr uint8_t FlagsOf(HeaderId id, std::string_view name) {
  if (id != HeaderId::kOther) return FlagsOf(id);
  return name.starts_with("x-envoy-") || name.starts_with("x-penstock-") ? kOverride : 0;
}

}  // namespace penstock::http
