#pragma once

#include <openssl/types.h>

#include <string>
#include <string_view>

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

// RFC 8446 4.4.2.4: a server may refuse a client's certificate, or that it has none, when the handshake has ended for
// the client. Its alert, if it is the last error on OpenSSL's queue, where it stays; else "". Static text.
std::string_view RefusalOfPeer();

// Of a stream that failed or ended meanwhile.
HandshakeFailure FailureOfStream(const Status& status);

}  // namespace penstock::tls
