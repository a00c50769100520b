#include "dataplane/policies/condition/value_set.h"

#include <algorithm>
#include <functional>

#include "dataplane/base/printable.h"

namespace penstock::policies {

Status CheckCount(int count, size_t most, std::string_view field) {
  if (static_cast<size_t>(count) <= most) return absl::OkStatus();
  return absl::InvalidArgumentError(StrCat(field, ": has ", count, " entries; at most ", most, " are allowed"));
}

StatusOr<ValueSet> ValueSet::Make(const Texts& texts, std::string_view field) {
  RETURN_IF_ERROR(CheckCount(texts.size(), kMaxValues, field));
  for (int i = 0; i < texts.size(); ++i) {
    if (texts[i].empty()) return absl::InvalidArgumentError(StrCat(field, "[", i, "]: is empty"));
    if (texts[i].size() > kMaxValueLength) {
      return absl::InvalidArgumentError(
          StrCat(field, "[", i, "]: has ", texts[i].size(), " characters; at most ", kMaxValueLength, " are allowed"));
    }
  }
  ValueSet set;
  set.values_.assign(texts.begin(), texts.end());
  std::sort(set.values_.begin(), set.values_.end());
  set.values_.erase(std::unique(set.values_.begin(), set.values_.end()), set.values_.end());
  return set;
}

bool ValueSet::Contains(std::string_view text) const {
  return std::binary_search(values_.begin(), values_.end(), text, std::less<>());
}

std::string ValueSet::Text() const {
  return ShortList(values_.size(), [this](size_t i) { return Printable(values_[i]); });
}

}  // namespace penstock::policies
