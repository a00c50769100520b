#include "dataplane/policies/condition/claim_match.h"

#include <utility>

#include "dataplane/base/printable.h"

namespace penstock::policies {

std::optional<std::string_view> TextOfClaim(const jose::JsonValue& claim) {
  jose::JsonKind kind = claim.kind();
  bool text = kind == jose::JsonKind::kString || kind == jose::JsonKind::kInteger || kind == jose::JsonKind::kBool;
  return text ? std::optional(claim.text()) : std::nullopt;
}

Status CheckClaimPath(std::string_view path, std::string_view field) {
  if (path.empty()) return absl::InvalidArgumentError(StrCat(field, ": names no claim"));
  if (path.size() <= kMaxClaimPath) return absl::OkStatus();
  return absl::InvalidArgumentError(
      StrCat(field, ": has ", path.size(), " characters; at most ", kMaxClaimPath, " are allowed"));
}

StatusOr<ClaimMatch> ClaimMatch::Make(const xds::v1::ClaimMatch& config, std::string_view field) {
  RETURN_IF_ERROR(CheckClaimPath(config.name(), StrCat(field, ".name")));
  ClaimMatch match;
  match.path_ = config.name();
  ASSIGN_OR_RETURN(match.values_, ValueSet::Make(config.values(), StrCat(field, ".values")));
  return match;
}

bool ClaimMatch::Holds(const jose::JsonValue& claims) const {
  std::optional<jose::JsonValue> claim = claims.FindPath(path_);
  if (!claim.has_value()) return false;
  if (values_.empty()) return claim->kind() != jose::JsonKind::kNull;
  if (!claim->is_array()) return IsOneOf(*claim);
  for (jose::JsonValue item : claim->children()) {
    if (IsOneOf(item)) return true;
  }
  return false;
}

bool ClaimMatch::IsOneOf(const jose::JsonValue& value) const {
  std::optional<std::string_view> text = TextOfClaim(value);
  return text.has_value() && values_.Contains(*text);
}

std::string ClaimMatch::Describe() const {
  return StrCat("claim ", Printable(path_), values_.empty() ? "" : "=", values_.Text());
}

}  // namespace penstock::policies
