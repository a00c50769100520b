#pragma once

#include <openssl/types.h>

#include <string>
#include <vector>

#include "dataplane/tls/names.h"

namespace penstock::tls {

// Verifies the chain that STORE is about, as OpenSSL does, and that its certificate has a name of WANTED (if that is
// not empty) and none that lies. Leaves the reason in STORE.
bool VerifyPeer(X509_STORE_CTX* store, const std::vector<SubjectAltName>& wanted);

// Why verification failed, in OpenSSL's words or ours; static text.
const char* VerifyErrorText(long code);

}  // namespace penstock::tls
