#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "dataplane/http/headers.h"
#include "dataplane/policies/config.h"
#include "google/protobuf/any.pb.h"
#include "proto/penstock/xds/v1/route.pb.h"

namespace penstock::policies {

// What CORS does with one request.
struct CorsDecision {
  enum class Kind {
    kPass,       // no Origin field: goes on; caches are told if the answer would be another with one
    kPreflight,  // answered here and now: 204 with the fields, of which an origin that is not allowed gets but Vary
    kActual,     // goes on; the fields are set on its response
  };
  struct Field {
    std::string_view name;
    std::string_view value;
  };
  static constexpr size_t kMaxFields = 8;

  Kind kind = Kind::kPass;
  bool origin_allowed = false;
  // The fields of the response: as long as the CorsConfig and the request's headers live.
  Field fields[kMaxFields];
  size_t field_count = 0;

  void Add(std::string_view name, std::string_view value) { fields[field_count++] = {name, value}; }
};

// The Gateway API's HTTPCORSFilter: valid by existing, immutable, with the values of the response fields made ready
// once.
class CorsConfig : public PolicyConfig {
 public:
  // InvalidArgument begins with the field's path ("allow_origins[1]: ...").
  static absl::StatusOr<std::shared_ptr<const CorsConfig>> Compile(const xds::v1::Cors& config);
  static absl::StatusOr<PolicyConfigPtr> CompileAny(const google::protobuf::Any& config);

  // Pure, so that explain says the same as live traffic.
  CorsDecision Decide(std::string_view method, const http::Headers& request) const;
  // Is ORIGIN, the value of an Origin field, one of the allowed?
  bool AllowsOrigin(std::string_view origin) const;
  std::string Describe() const override;

 private:
  // "https://*.example.com": scheme, then at least one more label, then the rest (with the port, if it has one).
  struct WildcardOrigin {
    std::string before;
    std::string after;
  };

  CorsConfig() = default;
  absl::Status AddOrigin(std::string_view origin);
  void AddPreflightFields(const http::Headers& request, CorsDecision& decision) const;

  std::vector<std::string> origins_;
  std::vector<WildcardOrigin> wildcard_origins_;
  bool any_origin_ = false;
  bool credentials_ = false;
  bool any_method_ = false;
  bool any_header_ = false;
  bool any_exposed_ = false;
  std::string methods_;  // "GET, POST"
  std::string headers_;
  std::string exposed_;
  std::string max_age_;  // seconds
};

}  // namespace penstock::policies
