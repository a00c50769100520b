#include "dataplane/http/websocket/handshake.h"

#include <openssl/sha.h>

#include <cstring>
#include <span>
#include <string>

#include "dataplane/http/grpc/web.h"

namespace penstock::http::websocket {
namespace {

// RFC 6455 1.3.
constexpr std::string_view kGuid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

}  // namespace

std::array<char, kKeySize> KeyOf(const std::array<uint64_t, 2>& random) {
  std::array<char, sizeof(random)> nonce;
  std::memcpy(nonce.data(), random.data(), nonce.size());
  std::array<char, kKeySize> key;
  grpc::EncodeBase64({nonce.data(), nonce.size()}, key);
  return key;
}

std::array<char, kAcceptSize> AcceptOf(std::string_view key) {
  std::string text(key);
  text += kGuid;
  std::array<unsigned char, SHA_DIGEST_LENGTH> digest;
  SHA1(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
  std::array<char, kAcceptSize> accept;
  grpc::EncodeBase64({reinterpret_cast<const char*>(digest.data()), digest.size()}, accept);
  return accept;
}

}  // namespace penstock::http::websocket
