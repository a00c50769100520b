#include "controlplane/vault/wipe.h"

#include <openssl/crypto.h>

namespace penstock::vault {

void Wipe(std::string& text) {
  // Within the capacity nothing is allocated, so the bytes stay where they are.
  text.resize(text.capacity());
  OPENSSL_cleanse(text.data(), text.size());
  text.clear();
}

}  // namespace penstock::vault
