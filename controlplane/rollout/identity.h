// Who is on the other end of a connection, by the SAN URI of its certificate.
#pragma once

#include <string>
#include <vector>

namespace penstock::rollout {

enum class Role {
  kNone,       // no identity of ours: nothing is permitted
  kOperator,   // spiffe://penstock/operator/NAME: manages
  kDataPlane,  // spiffe://penstock/dataplane[/ID]: takes configuration
};

struct Identity {
  Role role = Role::kNone;
  std::string name;  // operator: NAME; data plane: ID, "" any
  std::string uri;   // as in the certificate, for the audit log
};

// The identity that the URIs of a verified certificate give. Two of ours contradict each other: kNone.
Identity ParseIdentity(const std::vector<std::string>& san_uris);

}  // namespace penstock::rollout
