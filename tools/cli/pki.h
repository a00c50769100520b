#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace penstock::cli {

// A certificate and its private key, both PEM. Keys are P-256.
struct KeyPair {
  std::string certificate;
  std::string key;  // secret: never in a message
};

// Who a certificate is for. The planes recognise each other by the URI.
struct Identity {
  std::string uri;                 // "spiffe://penstock/dataplane/edge-1"
  std::vector<std::string> hosts;  // DNS names and IP addresses a server is reached by; none for mere clients
};

Identity ControlPlaneIdentity(std::vector<std::string> hosts);
Identity DataPlaneIdentity(std::string_view id);
Identity OperatorIdentity(std::string_view name);

// Letters, digits, '-', '_' and '.', 1 to 63 characters: what an id or a name in a URI may be.
bool IsPlainName(std::string_view name);

// A self-signed CA.
absl::StatusOr<KeyPair> MakeCa(std::string_view common_name, absl::Duration lifetime);

// A certificate for both ends of a connection, signed by `ca`, valid from five minutes ago (clocks differ).
absl::StatusOr<KeyPair> Issue(const KeyPair& ca, const Identity& identity, absl::Duration lifetime);

// The CA of a folder as `cert init` writes it: ca.crt and ca.key.
absl::StatusOr<KeyPair> LoadCa(const std::string& folder);

// DIR/NAME.crt (0600 as well: nothing else needs it) and DIR/NAME.key.
absl::Status WriteKeyPair(const std::string& folder, std::string_view name, const KeyPair& pair);

}  // namespace penstock::cli
