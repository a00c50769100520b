#include "dataplane/http/h2/field_list.h"

#include <charconv>

#include "dataplane/base/ascii.h"
#include "dataplane/base/byte_scan.h"
#include "dataplane/http/grpc/status.h"
#include "dataplane/http/h2/field_rules.h"
#include "dataplane/http/hop_by_hop.h"
#include "dataplane/http/status_code.h"

namespace penstock::http::h2 {
namespace {

bool IsCleanName(std::string_view name) {
  if (name.empty() || byte_scan::Find<byte_scan::NotName>(name) != name.size()) return false;
  for (char c : name) {
    if (c >= 'A' && c <= 'Z') return false;
  }
  return true;
}

bool IsLeftOut(const Field& field) {
  return (field.flags() & kFraming) || IsConnectionSpecific(field.id()) || field.id() == HeaderId::kTe ||
         field.id() == HeaderId::kHttp2Settings;
}

uint8_t* Bytes(std::string_view text) { return reinterpret_cast<uint8_t*>(const_cast<char*>(text.data())); }

bool IsVisible(std::string_view text) { return byte_scan::Find<byte_scan::NotVisible>(text) == text.size(); }

}  // namespace

bool FieldList::SetRequest(const RequestHead& head, std::string_view scheme) {
  fields_.clear();
  path_.assign(head.path);
  if (head.has_query) path_.append("?").append(head.query);
  bool clean = IsToken(head.method_text) && !head.path.empty() && IsVisible(path_) && IsVisible(head.authority);
  if (!clean) return false;
  Add(":method", head.method_text);
  Add(":scheme", scheme);
  if (!head.authority.empty()) Add(":authority", head.authority);
  Add(":path", path_);
  if (!AddAll(head.headers)) return false;
  if (head.framing.kind == Framing::Kind::kLength) Add("content-length", Number(head.framing.length, length_));
  bool grpc = grpc::DialectOf(head.headers.Get(HeaderId::kContentType)) == grpc::Dialect::kGrpc;
  if (grpc) Add("te", "trailers");
  return true;
}

bool FieldList::SetResponse(const ResponseHead& head) {
  fields_.clear();
  Add(":status", Number(static_cast<uint64_t>(head.status), status_));
  if (!AddAll(head.headers)) return false;
  if (head.declared_length.has_value()) {
    Add("content-length", Number(*head.declared_length, length_));
  } else if (head.framing.kind == Framing::Kind::kLength && !StatusForbidsBody(head.status)) {
    Add("content-length", Number(head.framing.length, length_));
  }
  return true;
}

bool FieldList::SetTrailers(const Headers& trailers) {
  fields_.clear();
  Headers clean;
  clean.CopyFrom(trailers);
  StripTrailers(clean);
  return AddAll(clean);
}

bool FieldList::AddAll(const Headers& headers) {
  for (const Field& field : headers) {
    if (IsLeftOut(field)) continue;
    std::string_view value = WithoutBlanks(field.value());
    bool clean = IsCleanName(field.name()) && byte_scan::Find<byte_scan::LineControl>(value) == value.size();
    if (!clean) return false;
    Add(field.name(), value);
  }
  return true;
}

void FieldList::Add(std::string_view name, std::string_view value) {
  fields_.push_back({.name = Bytes(name),
                     .value = Bytes(value),
                     .namelen = name.size(),
                     .valuelen = value.size(),
                     .flags = NGHTTP2_NV_FLAG_NONE});
}

template <size_t N>
std::string_view FieldList::Number(uint64_t value, std::array<char, N>& room) {
  char* end = std::to_chars(room.data(), room.data() + room.size(), value).ptr;
  return {room.data(), static_cast<size_t>(end - room.data())};
}

}  // namespace penstock::http::h2
