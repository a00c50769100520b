#include "dataplane/policies/claims/claim_match.h"

#include <algorithm>

#include "dataplane/base/strings.h"

namespace penstock::policies {
namespace {

// False: VALUE has no text.
bool HasText(jose::JsonValue value) {
  jose::JsonKind kind = value.kind();
  return kind == jose::JsonKind::kString || kind == jose::JsonKind::kInteger || kind == jose::JsonKind::kBool;
}

}  // namespace

void ForEachText(jose::JsonValue value, absl::FunctionRef<bool(std::string_view text)> visit) {
  if (HasText(value)) {
    visit(value.text());
    return;
  }
  if (!value.is_array()) return;
  for (jose::JsonValue item : value.children()) {
    if (HasText(item) && !visit(item.text())) return;
  }
}

bool ClaimMatch::Holds(jose::JsonValue claims) const {
  std::optional<jose::JsonValue> claim = claims.FindPath(name);
  if (!claim.has_value() || claim->kind() == jose::JsonKind::kNull) return false;
  bool holds = values.empty();
  if (holds) return true;
  ForEachText(*claim, [&](std::string_view text) {
    holds = std::find(values.begin(), values.end(), text) != values.end();
    return !holds;
  });
  return holds;
}

std::string ClaimMatch::Describe() const {
  if (values.empty()) return StrCat(name, " is there");
  std::string text = StrCat(name, " is ");
  for (size_t i = 0; i < values.size(); ++i) text += StrCat(i == 0 ? "" : " or ", values[i]);
  return text;
}

}  // namespace penstock::policies
