#include "dataplane/http/h2/field_rules.h"

#include "dataplane/base/ascii.h"
#include "dataplane/base/byte_scan.h"
#include "dataplane/http/h1/token_scan.h"
#include "dataplane/http/headers.h"

namespace penstock::http::h2 {
namespace {

constexpr size_t kMaxName = 65535;  // what a Field can hold

Error CheckName(std::string_view name, Underscores underscores) {
  if (name.empty() || name.size() > kMaxName) return Error::kFieldName;
  bool underscore = false;
  for (char c : name) {
    if (c == 0 || h1::LowerTokenByte(c) != c) return Error::kFieldName;
    underscore |= c == '_';
  }
  return underscore && underscores == Underscores::kReject ? Error::kUnderscoreInName : Error::kNone;
}

}  // namespace

Error CheckField(HeaderId id, std::string_view name, std::string_view value, Underscores underscores) {
  Error error = CheckName(name, underscores);
  if (error != Error::kNone) return error;
  if (byte_scan::Find<byte_scan::LineControl>(value) != value.size()) return Error::kFieldValue;
  if (!value.empty() && (IsBlank(value.front()) || IsBlank(value.back()))) return Error::kFieldValue;
  if (IsConnectionSpecific(id)) return Error::kConnectionField;
  if (id == HeaderId::kTe && !EqualsLower(value, "trailers")) return Error::kTe;
  return Error::kNone;
}

bool IsToken(std::string_view text) {
  for (char c : text) {
    if (h1::LowerTokenByte(c) == 0) return false;
  }
  return !text.empty();
}

}  // namespace penstock::http::h2
