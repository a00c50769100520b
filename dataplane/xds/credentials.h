// mTLS towards a control plane.
#pragma once

#include <memory>
#include <string>

#include "dataplane/base/status.h"

namespace grpc {
class ChannelCredentials;
}

namespace penstock::xds {

inline constexpr char kControlPlaneIdentity[] = "spiffe://penstock/controlplane";

// PEM files.
struct TlsFiles {
  std::string cert;  // this data plane's, with its chain
  std::string key;   // mode 0600 or stricter
  std::string ca;    // whom the control plane's certificate must come from
};

// Credentials from what the files hold now: made anew for every connection, so that renewed certificates are used
// without a restart. The control plane must show a certificate of the CA with the URI name kControlPlaneIdentity; its
// host name does not matter. Errors name the file.
StatusOr<std::shared_ptr<grpc::ChannelCredentials>> MakeCredentials(const TlsFiles& files);

}  // namespace penstock::xds
