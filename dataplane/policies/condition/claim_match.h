#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "dataplane/base/status.h"
#include "dataplane/jose/json.h"
#include "dataplane/policies/condition/value_set.h"
#include "proto/penstock/xds/v1/security.pb.h"

namespace penstock::policies {

// A claim as text: of a string, integer or boolean. Other numbers have too many spellings to be compared.
std::optional<std::string_view> TextOfClaim(const jose::JsonValue& claim);

// The path of a claim names one, and is not too long.
Status CheckClaimPath(std::string_view path, std::string_view field);

// One claim, and what it may be: xds::v1::ClaimMatch, valid by existing. Immutable.
class ClaimMatch {
 public:
  // InvalidArgument begins with FIELD: "claims[0].name: ...".
  static StatusOr<ClaimMatch> Make(const xds::v1::ClaimMatch& config, std::string_view field);

  // Is the claim, or one of its items if it is a list, among the values? Of no values: is it there, and not null?
  bool Holds(const jose::JsonValue& claims) const;
  const std::string& path() const { return path_; }
  std::string Describe() const;  // "claim tier=gold, silver"

 private:
  bool IsOneOf(const jose::JsonValue& value) const;

  std::string path_;
  ValueSet values_;
};

}  // namespace penstock::policies
