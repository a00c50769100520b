#include "dataplane/policies/external_auth/field_edits.h"

#include <string>

#include "dataplane/base/strings.h"
#include "dataplane/policies/external_auth/check_call.h"
#include "dataplane/policies/headers/field_syntax.h"

namespace penstock::policies {
namespace {

namespace wire = authorization::v3;
using How = FieldEdit::How;

How HowOf(const wire::HeaderValueOption& option, How by_default) {
  if (option.has_append()) return option.append().value() ? How::kAdd : How::kSet;
  switch (option.append_action()) {
    case wire::HeaderValueOption::ADD_IF_ABSENT:
      return How::kAddIfAbsent;
    case wire::HeaderValueOption::OVERWRITE_IF_EXISTS_OR_ADD:
      return How::kSet;
    case wire::HeaderValueOption::OVERWRITE_IF_EXISTS:
      return How::kSetIfPresent;
    default:
      return by_default;
  }
}

const std::string& ValueOf(const wire::HeaderValue& header) {
  return header.raw_value().empty() ? header.value() : header.raw_value();
}

// Pseudo-headers (":path") are the request's line, and the rest is made anew on every hop.
bool IsNotTheirs(std::string_view lower) {
  uint8_t flags = http::FlagsOf(http::FindHeaderId(lower), lower);
  return lower.starts_with(':') || (flags & (http::kFraming | http::kHopByHop)) != 0;
}

// The fields of every reply of ours.
bool IsOfReply(http::HeaderId id) {
  return id == http::HeaderId::kDate || id == http::HeaderId::kServer || (http::FlagsOf(id) & http::kProxyOwned) != 0;
}

}  // namespace

FieldEdits::FieldEdits(Arena& arena, int count) : arena_(arena) {
  if (count > kMaxFieldEdits) {
    failed_ = absl::ResourceExhaustedError(StrCat("it asks for more than ", kMaxFieldEdits, " changes of fields"));
  } else {
    edits_ = arena.NewArray<FieldEdit>(static_cast<size_t>(count));
  }
}

void FieldEdits::Change(const wire::HeaderValueOption& option, How by_default) {
  Add(HowOf(option, by_default), option.header().key(), ValueOf(option.header()));
}

void FieldEdits::Remove(std::string_view name) { Add(How::kRemove, name, ""); }

void FieldEdits::Reply(const wire::HeaderValueOption& option, std::string_view& content_type) {
  if (!Add(How::kAdd, option.header().key(), ValueOf(option.header()))) return;
  const FieldEdit& added = edits_[count_ - 1];
  if (added.id == http::HeaderId::kContentType) content_type = added.value;
  if (added.id == http::HeaderId::kContentType || IsOfReply(added.id)) --count_;
}

// Whether there is one more now.
bool FieldEdits::Add(How how, std::string_view name, std::string_view value) {
  std::string lower = LowerCase(name);
  if (!failed_.ok() || IsNotTheirs(lower)) return false;
  if (!CheckFieldName(lower).ok() || !CheckFieldValue(value).ok()) {
    failed_ = absl::DataLossError("it asks for a field whose name or value no message can have");
    return false;
  }
  http::HeaderId id = http::FindHeaderId(lower);
  has_cookie_ |= id == http::HeaderId::kSetCookie;
  std::string_view kept = id == http::HeaderId::kOther ? arena_.Copy(lower) : http::HeaderText(id);
  edits_[count_++] = {how, id, kept, arena_.Copy(value)};
  return true;
}

StatusOr<std::span<const FieldEdit>> FieldEdits::Take() {
  if (!failed_.ok()) return failed_;
  return std::span<const FieldEdit>(edits_.first(count_));
}

}  // namespace penstock::policies
