#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "dataplane/exchange/exchange.h"
#include "dataplane/policies/config.h"
#include "google/protobuf/any.pb.h"
#include "proto/penstock/xds/v1/security.pb.h"

namespace penstock::policies {

struct SizeBound {
  uint64_t most = 0;
  std::string text;    // "at most 50 header fields"
  std::string detail;  // for the log: "more than maxHeaderCount, 50, of shop/small"
};

// How large a request may be. At least one bound.
class SizeLimitConfig : public PolicyConfig {
 public:
  // InvalidArgument begins with the field's path.
  static absl::StatusOr<std::shared_ptr<const SizeLimitConfig>> Compile(const xds::v1::SizeLimit& config);
  static absl::StatusOr<PolicyConfigPtr> CompileAny(const google::protobuf::Any& config);

  std::string Describe() const override;
  Judgement Judge(Exchange& x, const Facts& facts) const override;

  // Why the request's head alone is too much, and by which bound; kNone: it is not. As long as this lives.
  struct Decision {
    Reason reason = Reason::kNone;
    const SizeBound* bound = nullptr;
  };
  Decision Decide(const Exchange& x) const;

  // Of content whose length nobody said, which has to be counted; nullptr: there is none, or no bound.
  const SizeBound* ForStreamed(const Exchange& x) const;

 private:
  std::optional<SizeBound> body_;
  std::optional<SizeBound> header_bytes_;
  std::optional<SizeBound> header_count_;
};

}  // namespace penstock::policies
