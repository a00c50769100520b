#include "dataplane/policies/example/example_config.h"

#include "dataplane/base/status.h"
#include "dataplane/policies/headers/field_syntax.h"
#include "dataplane/policies/unpack.h"
#include "google/protobuf/wrappers.pb.h"

namespace penstock::policies {

absl::StatusOr<PolicyConfigPtr> ExampleConfig::CompileAny(const google::protobuf::Any& config) {
  google::protobuf::StringValue message;
  RETURN_IF_ERROR(Unpack(config, message));
  auto result = std::make_shared<ExampleConfig>();
  result->field_ = message.value();
  RETURN_IF_ERROR(CheckFieldName(result->field_)) << "value";
  if (result->field_ != LowerCase(result->field_)) return absl::InvalidArgumentError("value: in lower case");
  return PolicyConfigPtr(std::move(result));
}

bool ExampleConfig::Allows(const Exchange& x) const { return x.request.headers.Has(field_); }

std::string ExampleConfig::Describe() const { return StrCat("needs the field ", field_); }

Judgement ExampleConfig::Judge(Exchange& x, const Facts&) const {
  if (Allows(x)) return Judgement::Pass(StrCat("the field ", field_, " is there"));
  return Judgement::Deny(Reason::kPolicy, StrCat("the field ", field_, " is missing"));
}

}  // namespace penstock::policies
