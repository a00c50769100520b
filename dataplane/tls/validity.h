#pragma once

#include <openssl/types.h>

#include <chrono>

#include "dataplane/base/status.h"

namespace penstock::tls {

// When a certificate counts, both ends included.
struct Validity {
  std::chrono::sys_seconds from;
  std::chrono::sys_seconds until;
};

// An error if CERTIFICATE says something that is no time.
StatusOr<Validity> ValidityOf(X509* certificate);

}  // namespace penstock::tls
