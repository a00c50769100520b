#include "dataplane/http/hop_by_hop.h"

namespace penstock::http {
namespace {

constexpr uint8_t kNeverNamed = kFraming | kForwarding | kAuth | kProxyOwned;

// Removes the fields that the values of Connection name.
void RemoveNamed(Headers& headers) {
  for (size_t i = 0; i < headers.size(); ++i) {
    if (headers[i].id() != HeaderId::kConnection) continue;
    std::string_view names = headers[i].value();
    size_t before = i;
    size_t index = 0;
    size_t shifted = 0;
    headers.RemoveIf([&](const Field& field) {
      bool remove = !(field.flags() & (kHopByHop | kNeverNamed)) && ListHas(names, field.name());
      if (remove && index < before) ++shifted;
      ++index;
      return remove;
    });
    i -= shifted;
  }
}

// Most Connection fields hold nothing but "keep-alive" or "close".
bool NamesFields(const Headers& headers) {
  bool names = false;
  for (const Field& field : headers) {
    if (field.id() != HeaderId::kConnection) continue;
    ForEachListItem(field.value(), [&names](std::string_view item) {
      names = !EqualsLower(item, "close") && !EqualsLower(item, "keep-alive") && !EqualsLower(item, "te");
      return !names;
    });
    if (names) return true;
  }
  return false;
}

}  // namespace

void StripRequest(Headers& headers) {
  if (headers.Has(HeaderId::kConnection) && NamesFields(headers)) RemoveNamed(headers);
  headers.RemoveIf([](const Field& field) { return field.flags() & (kHopByHop | kFraming | kOverride); });
}

void StripResponse(Headers& headers) {
  if (headers.Has(HeaderId::kConnection) && NamesFields(headers)) RemoveNamed(headers);
  headers.RemoveIf([](const Field& field) {
    return (field.flags() & (kHopByHop | kFraming)) || field.id() == HeaderId::kXPenstockReason;
  });
}

void StripTrailers(Headers& trailers) {
  trailers.RemoveIf([](const Field& field) {
    if (field.flags() != 0 || field.id() == HeaderId::kContentType) return true;
    std::string_view name = field.name();
    return name == "content-encoding" || name == "content-range" || name == "cache-control" ||
           name == "www-authenticate" || name == "age" || name == "expires" || field.id() == HeaderId::kLocation ||
           field.id() == HeaderId::kVary || field.id() == HeaderId::kDate;
  });
}

bool ConnectionMayName(std::string_view lower_name) {
  return (FlagsOf(FindHeaderId(lower_name), lower_name) & kNeverNamed) == 0;
}

}  // namespace penstock::http
