#include "dataplane/http/h2/head_reader.h"

#include <cstring>
#include <optional>

#include "dataplane/base/byte_scan.h"
#include "dataplane/http/content_length.h"

namespace penstock::http::h2 {
namespace {

constexpr size_t kMaxMethod = 32;  // as in HTTP/1

bool IsVisible(std::string_view text) { return byte_scan::Find<byte_scan::NotVisible>(text) == text.size(); }

bool EqualsAnyCase(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i) {
    auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; };
    if (lower(a[i]) != lower(b[i])) return false;
  }
  return true;
}

// Requests whose receiver expects content say that there is none (RFC 9110 8.6).
bool AnnouncesContent(Method method) {
  return method == Method::kPost || method == Method::kPut || method == Method::kPatch;
}

}  // namespace

void RequestHeadReader::Begin(const HeadLimits& limits, ExtendedConnect extended, RequestHead& head, Arena& arena) {
  *this = {};
  limits_ = limits;
  extended_ = extended;
  head_ = &head;
  arena_ = &arena;
  head.version = Version::kHttp2;
}

void RequestHeadReader::Add(std::string_view name, std::string_view value) {
  if (error_ == Error::kNone) error_ = Check(name, value);
}

// Cookie crumbs and pseudo-fields count like every field: they cost as much.
Error RequestHeadReader::Check(std::string_view name, std::string_view value) {
  bytes_ += FieldSize(name, value);
  if (bytes_ > limits_.header_bytes) return Error::kHeadersTooLarge;
  if (++count_ > limits_.header_count) return Error::kTooManyHeaders;
  return name.starts_with(':') ? AddPseudo(name, value) : AddRegular(name, value);
}

Error RequestHeadReader::AddPseudo(std::string_view name, std::string_view value) {
  struct Row {
    std::string_view name;
    Pseudo bit;
  };
  constexpr Row kRows[] = {{":method", kMethod},
                           {":scheme", kScheme},
                           {":authority", kAuthority},
                           {":path", kPath},
                           {":protocol", kProtocol}};
  for (const Row& row : kRows) {
    if (row.name != name) continue;
    if ((seen_ & row.bit) || !head_->headers.empty()) return Error::kPseudoField;
    seen_ |= row.bit;
    if (row.bit == kMethod) return SetMethod(value);
    if (row.bit == kPath) return SetPath(value);
    if (row.bit == kScheme && !EqualsAnyCase(value, "http") && !EqualsAnyCase(value, "https")) return Error::kScheme;
    if (row.bit == kAuthority) authority_ = arena_->Copy(value);
    if (row.bit == kProtocol) return SetProtocol(value);
    return Error::kNone;
  }
  return Error::kPseudoField;
}

Error RequestHeadReader::SetMethod(std::string_view value) {
  // Reserved (RFC 9113 11.6): an upstream of HTTP/1 would take it for the preface of HTTP/2.
  if (!IsToken(value) || value == "PRI") return Error::kMethod;
  if (value.size() > kMaxMethod) return Error::kMethodTooLong;
  head_->method = ParseMethod(value);
  head_->method_text = arena_->Copy(value);
  return Error::kNone;
}

Error RequestHeadReader::SetPath(std::string_view value) {
  if (value.size() > limits_.line_bytes) return Error::kPathTooLong;
  if (value.empty() || !IsVisible(value) || (value.front() != '/' && value != "*")) return Error::kPath;
  head_->target = arena_->Copy(value);
  return Error::kNone;
}

Error RequestHeadReader::SetProtocol(std::string_view value) {
  if (!IsToken(value)) return Error::kPseudoField;
  head_->upgrade = arena_->Copy(value);
  return Error::kNone;
}

Error RequestHeadReader::AddRegular(std::string_view name, std::string_view value) {
  HeaderId id = FindHeaderId(name);
  Error error = CheckField(id, name, value);
  if (error != Error::kNone) return error;
  std::string_view kept = id == HeaderId::kOther ? arena_->Copy(name) : HeaderText(id);
  head_->headers.Append(Field(id, kept, arena_->Copy(value)));
  return Error::kNone;
}

Error RequestHeadReader::End(bool end_stream) {
  if (error_ == Error::kNone) error_ = CheckPseudo();
  if (error_ == Error::kNone) error_ = SetHost();
  if (error_ == Error::kNone) error_ = SetFraming(end_stream);
  if (error_ == Error::kNone) error_ = SetExpectation();
  if (error_ == Error::kNone && head_->headers.Count(HeaderId::kCookie) > 1) JoinCookies();
  return error_;
}

Error RequestHeadReader::CheckPseudo() {
  if (!(seen_ & kMethod)) return Error::kPseudoField;
  if (seen_ & kProtocol) return TakeExtendedConnect();
  if (head_->method == Method::kConnect) return CheckConnect();
  if (!(seen_ & kScheme) || !(seen_ & kPath)) return Error::kPseudoField;
  return head_->target == "*" && head_->method != Method::kOptions ? Error::kPath : Error::kNone;
}

// RFC 9113 8.5: a plain CONNECT names a host and a port, nothing else.
Error RequestHeadReader::CheckConnect() {
  if ((seen_ & (kScheme | kPath)) || !(seen_ & kAuthority)) return Error::kPseudoField;
  head_->target = authority_;
  return Error::kNone;
}

// RFC 8441 4: the pseudo-fields of a GET, and :protocol; not before it was offered (3).
Error RequestHeadReader::TakeExtendedConnect() {
  constexpr uint8_t kAll = kMethod | kScheme | kAuthority | kPath | kProtocol;
  bool connect = head_->method == Method::kConnect && extended_ == ExtendedConnect::kOffered;
  if (!connect || (seen_ & kAll) != kAll) return Error::kPseudoField;
  if (head_->target == "*") return Error::kPath;
  head_->method = Method::kGet;
  head_->method_text = "GET";
  return Error::kNone;
}

// RFC 9113 8.3.1: :authority and Host are one and the same. From here on there is exactly one Host field.
Error RequestHeadReader::SetHost() {
  Headers& headers = head_->headers;
  bool has_host = headers.Has(HeaderId::kHost);
  if (has_host && !headers.HasOne(HeaderId::kHost)) return Error::kAuthority;
  if (!(seen_ & kAuthority)) return has_host ? Error::kNone : Error::kAuthority;
  if (authority_.empty() || !IsVisible(authority_)) return Error::kAuthority;
  if (has_host && !EqualsAnyCase(headers.Get(HeaderId::kHost), authority_)) return Error::kAuthority;
  headers.Set(HeaderId::kHost, authority_);
  return Error::kNone;
}

Error RequestHeadReader::SetFraming(bool end_stream) {
  const Headers& headers = head_->headers;
  head_->framing = {};
  // What comes behind an extended CONNECT is the tunnel's (RFC 8441 5).
  if (!head_->upgrade.empty()) return headers.Has(HeaderId::kContentLength) ? Error::kContentLength : Error::kNone;
  if (!headers.Has(HeaderId::kContentLength)) {
    if (!end_stream) head_->framing.kind = Framing::Kind::kChunked;
    if (end_stream && AnnouncesContent(head_->method)) head_->framing.kind = Framing::Kind::kLength;
    return Error::kNone;
  }
  if (!headers.HasOne(HeaderId::kContentLength)) return Error::kContentLength;
  std::optional<uint64_t> length = ParseContentLength(headers.Get(HeaderId::kContentLength));
  if (!length.has_value()) return Error::kContentLength;
  if (end_stream && *length != 0) return Error::kLengthMismatch;
  head_->framing = {Framing::Kind::kLength, *length};
  return Error::kNone;
}

Error RequestHeadReader::SetExpectation() {
  const Headers& headers = head_->headers;
  if (!headers.Has(HeaderId::kExpect)) return Error::kNone;
  bool exact = headers.HasOne(HeaderId::kExpect) && EqualsLower(headers.Get(HeaderId::kExpect), "100-continue");
  if (!exact) return Error::kExpectation;
  head_->expect_continue = head_->framing.HasBody();
  return Error::kNone;
}

// RFC 9113 8.2.3: what goes on as HTTP/1 has one Cookie field.
void RequestHeadReader::JoinCookies() {
  constexpr std::string_view kBetween = "; ";
  Headers& headers = head_->headers;
  size_t size = 0;
  for (const Field& field : headers) {
    if (field.id() == HeaderId::kCookie) size += field.value().size() + kBetween.size();
  }
  char* begin = arena_->Allocate(size);
  char* out = begin;
  for (const Field& field : headers) {
    if (field.id() != HeaderId::kCookie) continue;
    if (out != begin) {
      std::memcpy(out, kBetween.data(), kBetween.size());
      out += kBetween.size();
    }
    std::memcpy(out, field.value().data(), field.value().size());
    out += field.value().size();
  }
  headers.Set(HeaderId::kCookie, std::string_view(begin, static_cast<size_t>(out - begin)));
}

void TrailerReader::Begin(const HeadLimits& limits, Headers& trailers, Arena& arena, Underscores underscores) {
  *this = {};
  underscores_ = underscores;
  limits_ = limits;
  trailers_ = &trailers;
  arena_ = &arena;
}

void TrailerReader::Add(std::string_view name, std::string_view value) {
  if (error_ != Error::kNone) return;
  bytes_ += FieldSize(name, value);
  HeaderId id = FindHeaderId(name);
  bool wrong = bytes_ > limits_.header_bytes || trailers_->size() >= limits_.header_count ||
               CheckField(id, name, value, underscores_) != Error::kNone;
  if (wrong) {
    error_ = Error::kTrailers;
    return;
  }
  std::string_view kept = id == HeaderId::kOther ? arena_->Copy(name) : HeaderText(id);
  trailers_->Append(Field(id, kept, arena_->Copy(value)));
}

}  // namespace penstock::http::h2
