#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "dataplane/exchange/exchange.h"
#include "dataplane/policies/config.h"
#include "google/protobuf/any.pb.h"

namespace penstock::policies {

// The header field that every request needs. Its message is google.protobuf.StringValue: the field's name, in lower
// case.
class ExampleConfig : public PolicyConfig {
 public:
  // InvalidArgument begins with the field's path.
  static absl::StatusOr<PolicyConfigPtr> CompileAny(const google::protobuf::Any& config);

  // Pure: live traffic and explain ask the same.
  bool Allows(const Exchange& x) const;

  std::string Describe() const override;
  Judgement Judge(Exchange& x, const Facts& facts) const override;

 private:
  std::string field_;
};

}  // namespace penstock::policies
