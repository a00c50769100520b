#include "controlplane/vault/vault.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "controlplane/vault/wipe.h"
#include "dataplane/base/check.h"
#include "dataplane/base/strings.h"

namespace penstock::vault {
namespace {

constexpr std::string_view kMagic("\0psv", 4);
constexpr char kVersion = 1;
constexpr size_t kIdAt = 5;
constexpr size_t kNonceBytes = 12;
constexpr size_t kTagBytes = 16;
constexpr size_t kTextAt = Vault::kHeaderBytes + kNonceBytes;
static_assert(kMagic.size() + 1 == kIdAt && kIdAt + sizeof(KeyId) == Vault::kHeaderBytes);
static_assert(kTextAt + kTagBytes == Vault::kOverhead);

struct FreeContext {
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }  // wipes the key's schedule
};
using Context = std::unique_ptr<EVP_CIPHER_CTX, FreeContext>;

const unsigned char* Bytes(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }
unsigned char* Bytes(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

// One run of the cipher, with the header and the name as what is authenticated beside the text.
Context Begin(const EVP_CIPHER* cipher, const Key& key, std::string_view envelope, std::string_view name, bool seal) {
  Context context(EVP_CIPHER_CTX_new());
  int size = 0;
  const std::string_view header = envelope.substr(0, Vault::kHeaderBytes);
  const unsigned char* nonce = Bytes(envelope.substr(Vault::kHeaderBytes, kNonceBytes));
  const bool begun =
      EVP_CipherInit_ex2(context.get(), cipher, key.bytes().data(), nonce, seal ? 1 : 0, nullptr) == 1 &&
      EVP_CipherUpdate(context.get(), nullptr, &size, Bytes(header), static_cast<int>(header.size())) == 1 &&
      EVP_CipherUpdate(context.get(), nullptr, &size, Bytes(name), static_cast<int>(name.size())) == 1;
  PENSTOCK_CHECK(begun, "AES-256-GCM is there");
  return context;
}

// Of nothing there is nothing to run: without an output EVP_CipherUpdate would take it for a part of the name.
void Run(EVP_CIPHER_CTX* context, std::string_view from, unsigned char* to) {
  int size = 0;
  if (from.empty()) return;
  PENSTOCK_CHECK(EVP_CipherUpdate(context, to, &size, Bytes(from), static_cast<int>(from.size())) == 1,
                 "the cipher runs");
}

std::string Envelope(const KeyId& id, size_t text_bytes) {
  std::string envelope;
  envelope.reserve(text_bytes + Vault::kOverhead);
  envelope.append(kMagic);
  envelope.push_back(kVersion);
  envelope.append(reinterpret_cast<const char*>(id.bytes.data()), id.bytes.size());
  envelope.resize(text_bytes + Vault::kOverhead);
  return envelope;
}

absl::Status Changed() {
  return absl::DataLossError(
      "was changed outside the control plane, or belongs elsewhere: put a backup of the store in its place");
}

}  // namespace

void Vault::FreeCipher::operator()(EVP_CIPHER* cipher) const { EVP_CIPHER_free(cipher); }

Vault::Vault(std::vector<Key> keys, std::string source)
    : keys_(std::move(keys)), source_(std::move(source)), cipher_(EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr)) {
  PENSTOCK_CHECK(!keys_.empty(), "a key to seal with");
}

std::string Vault::Seal(std::string_view value, std::string_view name) const {
  std::string sealed = Envelope(seals_with(), value.size());
  PENSTOCK_CHECK(RAND_bytes(Bytes(sealed) + kHeaderBytes, static_cast<int>(kNonceBytes)) == 1,
                 "the kernel gives random bytes");
  const Context context = Begin(cipher_.get(), keys_.front(), sealed, name, /*seal=*/true);
  Run(context.get(), value, Bytes(sealed) + kTextAt);
  int none = 0;
  unsigned char* tag = Bytes(sealed) + kTextAt + value.size();
  const bool ended = EVP_CipherFinal_ex(context.get(), tag, &none) == 1 &&
                     EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_GET_TAG, static_cast<int>(kTagBytes), tag) == 1;
  PENSTOCK_CHECK(ended, "the cipher gives a tag");
  return sealed;
}

absl::StatusOr<std::string> Vault::Open(std::string_view sealed, std::string_view name) const {
  if (!IsSealed(sealed)) return absl::DataLossError("is not sealed: put a backup of the store in its place");
  const std::optional<KeyId> id = SealedWith(sealed);
  if (!id.has_value()) {
    return absl::FailedPreconditionError("is sealed in a way that this build does not know: start the newer one");
  }
  const Key* key = Find(*id);
  if (key == nullptr) return MissingKey(*id, "is", source_);
  if (sealed.size() < kOverhead) return Changed();
  const Context context = Begin(cipher_.get(), *key, sealed, name, /*seal=*/false);
  const std::string_view text = sealed.substr(kTextAt, sealed.size() - kOverhead);
  std::array<unsigned char, kTagBytes> tag;
  std::memcpy(tag.data(), sealed.data() + sealed.size() - kTagBytes, kTagBytes);
  std::string value(text.size(), '\0');
  Run(context.get(), text, Bytes(value));
  int none = 0;
  const bool same =
      EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_SET_TAG, static_cast<int>(kTagBytes), tag.data()) == 1 &&
      EVP_CipherFinal_ex(context.get(), tag.data(), &none) == 1;
  if (same) return value;
  ERR_clear_error();  // or the thread's next call of OpenSSL seems to have failed
  Wipe(value);
  return Changed();
}

const Key* Vault::Find(const KeyId& id) const {
  const auto found = std::find_if(keys_.begin(), keys_.end(), [&](const Key& key) { return key.id() == id; });
  return found == keys_.end() ? nullptr : &*found;
}

bool IsSealed(std::string_view bytes) { return bytes.starts_with(kMagic); }

std::optional<KeyId> SealedWith(std::string_view sealed) {
  if (!IsSealed(sealed) || sealed.size() < Vault::kHeaderBytes || sealed[kMagic.size()] != kVersion) {
    return std::nullopt;
  }
  KeyId id;
  std::memcpy(id.bytes.data(), sealed.data() + kIdAt, id.bytes.size());
  return id;
}

absl::Status MissingKey(const KeyId& id, std::string_view what, std::string_view source) {
  return absl::FailedPreconditionError(StrCat(what, " sealed with key ", ToString(id), ", which is not in ", source,
                                              ": start with the key file that was used, or restore it"));
}

}  // namespace penstock::vault
