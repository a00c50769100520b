#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "dataplane/base/status.h"
#include "google/protobuf/repeated_ptr_field.h"

namespace penstock::policies {

// Limits of a Condition. Addresses have those of CidrSet, expressions those of router::CompileRegex.
inline constexpr size_t kMaxValues = 10'000;  // of which something is to be one
inline constexpr size_t kMaxTerms = 64;       // scopes, claims, paths, header fields, time windows: each is looked at
inline constexpr size_t kMaxValueLength = 1024;  // bytes
inline constexpr size_t kMaxClaimPath = 256;

// FIELD, of COUNT entries, has no more than MOST.
Status CheckCount(int count, size_t most, std::string_view field);

// "a, b, c, d and 3 more", printable. COUNT: how many there are; NAME(i) is asked for a few.
template <typename Name>
std::string ShortList(size_t count, Name name) {
  constexpr size_t kNamed = 4;
  std::string text;
  for (size_t i = 0; i < count && i < kNamed; ++i) text += StrCat(i == 0 ? "" : ", ", name(i));
  if (count > kNamed) text += StrCat(" and ", count - kNamed, " more");
  return text;
}

// Texts, one of which something must be, byte for byte. Immutable. A look-up costs as many comparisons as their number
// has bits.
class ValueSet {
 public:
  using Texts = google::protobuf::RepeatedPtrField<std::string>;

  ValueSet() = default;
  // Up to kMaxValues, none empty or longer than kMaxValueLength. InvalidArgument begins with FIELD: "roles[1]: ...".
  static StatusOr<ValueSet> Make(const Texts& texts, std::string_view field);

  bool empty() const { return values_.empty(); }
  const std::vector<std::string>& values() const { return values_; }  // in order, each once
  bool Contains(std::string_view text) const;
  std::string Text() const;  // a ShortList

 private:
  std::vector<std::string> values_;
};

}  // namespace penstock::policies
