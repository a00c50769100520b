#include "dataplane/tls/handshake_failure.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "dataplane/base/cancellation.h"
#include "dataplane/tls/openssl.h"
#include "dataplane/tls/verify.h"

namespace penstock::tls {
namespace {

using telemetry::TlsFailure;

TlsFailure CauseOf(int reason) {
  switch (reason) {
    case SSL_R_HTTP_REQUEST:
    case SSL_R_HTTPS_PROXY_REQUEST:
    case SSL_R_WRONG_VERSION_NUMBER:
      return TlsFailure::kNotTls;
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_VERSION_TOO_LOW:
    case SSL_R_VERSION_TOO_HIGH:
    case SSL_R_UNKNOWN_PROTOCOL:
      return TlsFailure::kVersion;
    case SSL_R_NO_SHARED_CIPHER:
    case SSL_R_NO_SHARED_GROUPS:
    case SSL_R_NO_SHARED_SIGNATURE_ALGORITHMS:
    case SSL_R_NO_SUITABLE_DIGEST_ALGORITHM:
    case SSL_R_NO_SUITABLE_GROUPS:
    case SSL_R_NO_SUITABLE_KEY_SHARE:
    case SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM:
      return TlsFailure::kNothingShared;
    case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE:
      return TlsFailure::kCertificateMissing;
    case SSL_R_CERTIFICATE_VERIFY_FAILED:
      return TlsFailure::kCertificateRefused;
    case SSL_R_NO_APPLICATION_PROTOCOL:
      return TlsFailure::kAlpn;
    default:
      return reason >= SSL_AD_REASON_OFFSET ? TlsFailure::kPeerAlert : TlsFailure::kProtocol;
  }
}

bool IsAboutCertificates(int reason) {
  switch (reason - SSL_AD_REASON_OFFSET) {
    case SSL_AD_HANDSHAKE_FAILURE:
    case SSL_AD_BAD_CERTIFICATE:
    case SSL_AD_UNSUPPORTED_CERTIFICATE:
    case SSL_AD_CERTIFICATE_REVOKED:
    case SSL_AD_CERTIFICATE_EXPIRED:
    case SSL_AD_CERTIFICATE_UNKNOWN:
    case SSL_AD_UNKNOWN_CA:
    case SSL_AD_ACCESS_DENIED:
    case SSL_AD_DECRYPT_ERROR:
    case SSL_AD_CERTIFICATE_REQUIRED:
      return true;
    default:
      return false;
  }
}

}  // namespace

HandshakeFailure FailureOfLibrary(long verify_result) {
  unsigned long code = ERR_peek_last_error();
  // The first error is the cause, later ones say who passed it on.
  unsigned long first = ERR_peek_error();
  if (ERR_GET_LIB(first) == ERR_LIB_SSL) code = first;
  TlsFailure cause = ERR_GET_LIB(code) == ERR_LIB_SSL ? CauseOf(ERR_GET_REASON(code)) : TlsFailure::kProtocol;
  const char* reason = ERR_reason_error_string(code);
  ERR_clear_error();
  std::string text = reason == nullptr ? "broken off" : reason;
  if (cause == TlsFailure::kCertificateRefused) text += StrCat(": ", VerifyErrorText(verify_result));
  return {cause, std::move(text)};
}

std::string_view RefusalOfPeer() {
  unsigned long code = ERR_peek_last_error();
  bool refusal = ERR_GET_LIB(code) == ERR_LIB_SSL && IsAboutCertificates(ERR_GET_REASON(code));
  const char* text = refusal ? ERR_reason_error_string(code) : nullptr;
  return text == nullptr ? std::string_view() : text;
}

HandshakeFailure FailureOfStream(const Status& status) {
  TlsFailure cause = IsTimeout(status) ? TlsFailure::kTimeout : TlsFailure::kPeerGone;
  return {cause, std::string(status.message())};
}

}  // namespace penstock::tls
