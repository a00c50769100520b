#include "dataplane/passwords/crypt.h"

#include <crypt.h>
#include <string.h>

#include <cerrno>
#include <cstring>
#include <memory>

namespace penstock::passwords {
namespace {

// libcrypt's 32 KiB of scratch, which hold parts of the password.
class Scratch {
 public:
  Scratch() : data_(std::make_unique<crypt_data>()) {}
  ~Scratch() { explicit_bzero(data_.get(), sizeof(crypt_data)); }

  // "" it cannot be computed. Valid as long as this.
  std::string_view Compute(std::string_view password, const char* setting) {
    std::string phrase(password);
    const char* computed = crypt_rn(phrase.c_str(), setting, data_.get(), sizeof(crypt_data));
    explicit_bzero(phrase.data(), phrase.size());
    return computed == nullptr ? std::string_view() : std::string_view(computed);
  }

 private:
  const std::unique_ptr<crypt_data> data_;
};

// Its time tells nothing about where they differ.
bool Same(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  unsigned char differences = 0;
  for (size_t i = 0; i < a.size(); ++i) differences |= static_cast<unsigned char>(a[i] ^ b[i]);
  return differences == 0;
}

struct Making {
  const char* prefix;
  unsigned long cost;
};
// By Scheme: about a tenth of a second.
constexpr Making kMakings[] = {{"$2b$", 11}, {"$y$", 6}, {"$6$", 150'000}};

}  // namespace

StatusOr<bool> Matches(const PasswordHash& hash, std::string_view password) {
  if (password.size() > hash.max_password()) return false;
  Scratch scratch;
  std::string_view computed = scratch.Compute(password, hash.text().c_str());
  if (computed.empty()) return absl::InternalError("libcrypt does not compute this kind of hash");
  return Same(computed, hash.text());
}

StatusOr<PasswordHash> Hash(Scheme scheme, std::string_view password) {
  std::string_view fault = PasswordFault(password);
  if (!fault.empty()) return absl::InvalidArgumentError(StrCat("the password ", fault));
  if (scheme == Scheme::kBcrypt && password.size() > kMaxBcryptPassword) {
    return absl::InvalidArgumentError(StrCat("the password has more than ", kMaxBcryptPassword,
                                             " bytes, and bcrypt looks at no more; take yescrypt"));
  }
  const Making& making = kMakings[static_cast<size_t>(scheme)];
  char setting[CRYPT_GENSALT_OUTPUT_SIZE];
  // Without bytes of ours it takes random ones of the kernel.
  if (crypt_gensalt_rn(making.prefix, making.cost, nullptr, 0, setting, sizeof(setting)) == nullptr) {
    return absl::InternalError(StrCat("libcrypt makes no salt: ", strerror(errno)));
  }
  Scratch scratch;
  std::string_view computed = scratch.Compute(password, setting);
  if (computed.empty()) return absl::InternalError("libcrypt does not compute this kind of hash");
  return PasswordHash::Parse(computed);
}

}  // namespace penstock::passwords
