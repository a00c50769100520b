#include "dataplane/http/upgrade.h"

#include <algorithm>

namespace penstock::http {
namespace {

// What configuration can name, in any case; in particular no list, no "name/version", no blank.
bool IsProtocol(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    bool alphanumeric = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    return alphanumeric || c == '-' || c == '.' || c == '_';
  });
}

bool ConnectionListsUpgrade(const Headers& headers) {
  return std::any_of(headers.begin(), headers.end(), [](const Field& field) {
    return field.id() == HeaderId::kConnection && ListHas(field.value(), "upgrade");
  });
}

// The one token of the one Upgrade field that Connection lists, or "".
std::string_view NamedProtocol(const Headers& headers) {
  if (!headers.HasOne(HeaderId::kUpgrade) || !ConnectionListsUpgrade(headers)) return {};
  std::string_view protocol = headers.Get(HeaderId::kUpgrade);
  return IsProtocol(protocol) ? protocol : std::string_view();
}

}  // namespace

std::string_view WishedProtocol(const RequestHead& head) {
  bool plain = head.method == Method::kGet && head.version == Version::kHttp11 && !head.framing.HasBody();
  return plain && !head.close ? NamedProtocol(head.headers) : std::string_view();
}

bool SwitchesTo(const ResponseHead& head, std::string_view protocol) {
  return !protocol.empty() && head.status == 101 && head.version == Version::kHttp11 &&
         EqualsLower(NamedProtocol(head.headers), protocol);
}

}  // namespace penstock::http
