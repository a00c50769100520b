#pragma once

#include <openssl/types.h>

#include <string>

#include "dataplane/base/status.h"
#include "dataplane/telemetry/stats/tls_failure.h"

namespace penstock::tls {

// Why a handshake failed, in one word for the metrics and one sentence for people. The sentence holds nothing that the
// peer wrote.
struct HandshakeFailure {
  telemetry::TlsFailure cause = telemetry::TlsFailure::kProtocol;
  std::string text;
};

// Of a handshake that OpenSSL ended with an error: takes the error off its queue. VERIFY_RESULT: SSL_get_verify_result.
HandshakeFailure FailureOfLibrary(long verify_result);

// Of a stream that failed or ended meanwhile.
HandshakeFailure FailureOfStream(const Status& status);

}  // namespace penstock::tls
