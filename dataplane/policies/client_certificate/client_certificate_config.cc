#include "dataplane/policies/client_certificate/client_certificate_config.h"

#include "dataplane/base/printable.h"
#include "dataplane/base/status.h"
#include "dataplane/policies/credentials/known_consumer.h"
#include "dataplane/policies/unpack.h"

namespace penstock::policies {

absl::StatusOr<PolicyConfigPtr> ClientCertificateConfig::CompileAny(const google::protobuf::Any& config) {
  xds::v1::ClientCertificateAuthentication message;
  RETURN_IF_ERROR(Unpack(config, message));
  return PolicyConfigPtr(std::make_shared<ClientCertificateConfig>());
}

Judgement ClientCertificateConfig::Judge(Exchange& x, const Facts&) const {
  Decide(x);
  const AuthResult& result = x.identity.of(AuthMethod::kClientCertificate);
  return Judgement::Pass(result.why.empty() ? StrCat("certificate of ", Printable(x.identity.subject))
                                            : std::string(result.why));
}

void ClientCertificateConfig::Decide(Exchange& x) {
  AuthResult& result = x.identity.of(AuthMethod::kClientCertificate);
  std::string_view name = x.connection == nullptr ? std::string_view() : x.connection->client_identity;
  if (name.empty()) {
    result = {AuthResult::State::kMissing, "no certificate that was verified"};
    return;
  }
  if (NoteConsumer(CredentialKind::kCertificate, name, x) == Known::kAnother) {
    result = {AuthResult::State::kInvalid, kAnotherConsumer};
    return;
  }
  result = {AuthResult::State::kProven, ""};
  if (x.identity.subject.empty()) x.identity.subject = name;
}

}  // namespace penstock::policies
