#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "dataplane/exchange/exchange.h"
#include "dataplane/policies/config.h"
#include "google/protobuf/any.pb.h"
#include "proto/penstock/xds/v1/security.pb.h"

namespace penstock::policies {

// Whose certificate the connection has shown. That it was verified is the listener's doing.
class ClientCertificateConfig : public PolicyConfig {
 public:
  static absl::StatusOr<PolicyConfigPtr> CompileAny(const google::protobuf::Any& config);

  std::string Describe() const override { return "the client's certificate"; }
  Judgement Judge(Exchange& x, const Facts& facts) const override;

  // Notes in X what is proven. Pure.
  static void Decide(Exchange& x);
};

}  // namespace penstock::policies
