#include "dataplane/snapshot/question.h"

#include "dataplane/base/strings.h"

namespace penstock::snapshot {

xds::v1::Question ToQuestion(const ExplainRequest& request) {
  xds::v1::Question question;
  question.set_scheme(request.scheme);
  question.set_server_name(request.server_name);
  question.set_port(request.port);
  question.set_method(request.method);
  question.set_target(request.target);
  for (const auto& [name, value] : request.fields) {
    xds::v1::Question::Field& field = *question.add_fields();
    field.set_name(name);
    field.set_value(value);
  }
  question.set_seed(request.seed);
  question.set_client(request.client.ToString());
  question.set_client_certificate(request.client_certificate);
  return question;
}

StatusOr<ExplainRequest> FromQuestion(const xds::v1::Question& question) {
  ExplainRequest request;
  if (question.port() == 0 || question.port() > UINT16_MAX) {
    return absl::InvalidArgumentError(StrCat("there is no port ", question.port()));
  }
  request.port = static_cast<uint16_t>(question.port());
  request.scheme = question.scheme();
  request.server_name = question.server_name();
  request.method = question.method();
  request.target = question.target();
  for (const xds::v1::Question::Field& field : question.fields()) {
    request.fields.emplace_back(field.name(), field.value());
  }
  request.seed = question.seed();
  request.client_certificate = question.client_certificate();
  ASSIGN_OR_RETURN(request.client, IpAddress::Parse(question.client()), _ << "the client's address");
  return request;
}

}  // namespace penstock::snapshot
