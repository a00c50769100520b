#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "dataplane/base/arena.h"
#include "dataplane/http/message.h"

namespace penstock::http {

// What to do with a path in which an escape hides a separator: %2F, %5C, and with ";".
enum class EscapedSlashes : uint8_t {
  kReject,  // 400
  kKeep,  // leave them as they are; they never match a "/" of a route. Also lets escaped controls and non-UTF-8 through
  kRedirect,  // 307 to the path with the separators unescaped and normalised (";" is still refused)
};

enum class TargetResult : uint8_t {
  kOk,
  kRedirect,   // `path` holds the path to redirect to
  kBadTarget,  // not a form of RFC 9112 3.2, or raw bytes that no URI may hold (controls, blanks, non-ASCII, "#", "\")
  kBadEscape,  // "%" without two hexadecimal digits, %00, an escaped control, or escapes that are not UTF-8
  kAmbiguousPath,      // %2F, %5C or ";" under kReject; ".." above the root
  kBadHost,            // not a host[:port]
  kMissingHost,        // no Host field, or an empty one
  kBadScheme,          // absolute form with another scheme than the listener's
  kMethodNeedsTarget,  // "*" with a method other than OPTIONS
};

// One sentence for the log; static storage.
std::string_view TargetResultText(TargetResult result);

// Fills in the canonical part of HEAD from `target` and the Host field. Path: unreserved characters are unescaped,
// escapes get upper-case digits, characters that a path may not hold but browsers send ("|", "{", ...) are escaped, "."
// and ".." segments are resolved, runs of "/" are merged; with EscapedSlashes as said above. Host: lower case, port and
// trailing dot removed. The absolute form's authority wins over the Host field (RFC 9112 3.2.2). A target that is
// canonical already costs no copy; otherwise ARENA, which lives as long as HEAD's views, holds the new text.
// In two steps, because the host decides which listener's rules the path is read by: after the first, `path` is still
// raw.
TargetResult ResolveAuthority(RequestHead& head, std::string_view scheme, Arena& arena);
TargetResult ResolvePath(RequestHead& head, EscapedSlashes mode, Arena& arena);
// Both steps.
TargetResult ResolveTarget(RequestHead& head, std::string_view scheme, EscapedSlashes mode, Arena& arena);

// The path rule alone, for rewrites and configuration: RAW without query.
TargetResult CanonicalPath(std::string_view raw, EscapedSlashes mode, Arena& arena, std::string_view& path);

// Delimiters that a path may hold (RFC 3986 3.3).
inline constexpr std::string_view kPathDelimiters = "!$&'()*+,;=:@";
// PATH with each of them as itself that is escaped in it: another path (RFC 3986 6.2.2.2), but not to everybody behind
// us. PATH itself if there is none, else text in ARENA.
std::string_view WithoutEscapedDelimiters(std::string_view path, Arena& arena);

struct Authority {
  std::string_view text;  // "host[:port]"
  std::string_view host;  // the beginning of `text`
  uint16_t port = 0;
};

// Splits and canonicalises "host[:port]".
TargetResult CanonicalAuthority(std::string_view raw, Arena& arena, Authority& authority);

}  // namespace penstock::http
