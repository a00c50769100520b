#include "dataplane/xds/credentials.h"

#include <fcntl.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/security/tls_certificate_provider.h>
#include <grpcpp/security/tls_certificate_verifier.h>
#include <grpcpp/security/tls_credentials_options.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>

#include "dataplane/base/key_pair.h"

namespace penstock::xds {
namespace {

namespace experimental = grpc::experimental;

// The chain was verified by gRPC; here is who it is.
class ControlPlaneVerifier final : public experimental::ExternalCertificateVerifier {
 public:
  bool Verify(experimental::TlsCustomVerificationCheckRequest* request, std::function<void(grpc::Status)> callback,
              grpc::Status* sync_status) override {
    *sync_status = grpc::Status(grpc::StatusCode::UNAUTHENTICATED,
                                std::string("the peer's certificate does not name ") + kControlPlaneIdentity);
    for (grpc::string_ref uri : request->uri_names()) {
      if (uri == kControlPlaneIdentity) *sync_status = grpc::Status::OK;
    }
    return true;
  }
  void Cancel(experimental::TlsCustomVerificationCheckRequest* request) override {}
};

StatusOr<std::string> ReadPem(const std::string& path, std::string_view flag) {
  std::ifstream file(path, std::ios::binary);
  std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  if (!file.is_open()) {
    return absl::FailedPreconditionError(
        StrCat("cannot read ", path, ": ", std::strerror(errno), "; name the PEM file with ", flag));
  }
  if (text.find("-----BEGIN ") == std::string::npos) {
    return absl::FailedPreconditionError(StrCat(path, " is not a PEM file; name one with ", flag));
  }
  return text;
}

}  // namespace

StatusOr<std::shared_ptr<grpc::ChannelCredentials>> MakeCredentials(const TlsFiles& files) {
  RETURN_IF_ERROR(CheckPrivate(files.key));
  ASSIGN_OR_RETURN(std::string cert, ReadPem(files.cert, "--tls-cert"));
  ASSIGN_OR_RETURN(std::string key, ReadPem(files.key, "--tls-key"));
  ASSIGN_OR_RETURN(std::string ca, ReadPem(files.ca, "--tls-ca"));
  Status pair = CheckKeyPair(cert, key, absl::Now());
  if (!pair.ok()) {
    return absl::Status(pair.code(), StrCat("--tls-cert ", files.cert, ", --tls-key ", files.key, ": ", pair.message(),
                                            "; issue another pair: penstock cert issue DIR --dataplane ID"));
  }
  std::vector<experimental::IdentityKeyCertPair> identity = {{std::move(key), std::move(cert)}};
  experimental::TlsChannelCredentialsOptions options;
  options.set_certificate_provider(std::make_shared<experimental::StaticDataCertificateProvider>(ca, identity));
  options.watch_root_certs();
  options.watch_identity_key_cert_pairs();
  options.set_verify_server_certs(true);
  options.set_check_call_host(false);
  options.set_certificate_verifier(experimental::ExternalCertificateVerifier::Create<ControlPlaneVerifier>());
  return experimental::TlsCredentials(options);
}

}  // namespace penstock::xds
