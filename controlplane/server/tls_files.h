// The certificate of the control plane and the authority of its clients: checked at start with a clear error, reloaded
// when the files change.
#pragma once

#include <memory>
#include <string>

#include "absl/status/status.h"

namespace grpc {
class ServerCredentials;
}

namespace penstock::server {

// PEM files.
struct TlsFiles {
  std::string cert;  // with its chain
  std::string key;
  std::string ca;  // whom the certificates of data planes and operators must come from
};

// What every client checks of its control plane.
inline constexpr char kIdentityUri[] = "spiffe://penstock/controlplane";

// kInvalidArgument naming the file and what to do: missing, unreadable, no PEM, key and certificate that do not belong
// together, expired, or without the URI name kIdentityUri.
absl::Status CheckTlsFiles(const TlsFiles& files);

// Requires and verifies a client certificate. Files that change are used for new connections within about a second; a
// pair that does not fit together is not taken. REQUIRES: CheckTlsFiles succeeded.
std::shared_ptr<grpc::ServerCredentials> MakeCredentials(const TlsFiles& files);

}  // namespace penstock::server
