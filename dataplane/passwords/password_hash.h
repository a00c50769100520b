#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "dataplane/base/status.h"

namespace penstock::passwords {

// Those whose work is made to slow down who guesses, and that libcrypt knows.
enum class Scheme : uint8_t { kBcrypt, kYescrypt, kSha512Crypt };

// What one check may cost. The upper bounds take about a second of a processor; below the lower ones are those that
// nobody makes.
inline constexpr uint32_t kMinBcryptCost = 4;
inline constexpr uint32_t kMaxBcryptCost = 13;
inline constexpr uint64_t kMinYescryptBytes = uint64_t{1} << 20;
inline constexpr uint64_t kMaxYescryptBytes = uint64_t{64} << 20;
inline constexpr uint32_t kMinSha512Rounds = 5'000;  // those of a hash that names none
inline constexpr uint32_t kMaxSha512Rounds = 200'000;

inline constexpr size_t kMaxPassword = 511;       // libcrypt's
inline constexpr size_t kMaxBcryptPassword = 72;  // bcrypt looks at no more, so that longer ones would pass for others

// What is wrong with a password as such (RFC 7617 2), of a client or of one who makes a hash: "is empty"; "" nothing.
// Static text.
std::string_view PasswordFault(std::string_view password);

// How people make a good one.
inline constexpr std::string_view kHowToHash = "make it with: penstock key hash-password USER";

// The hash of a password: well-formed and of a bounded cost by existing.
class PasswordHash {
 public:
  // InvalidArgument says why it is none that is taken ("is MD5 (apr1), which ..."), without a byte of it.
  static StatusOr<PasswordHash> Parse(std::string_view text);

  Scheme scheme() const { return scheme_; }
  const std::string& text() const { return text_; }
  size_t max_password() const { return scheme_ == Scheme::kBcrypt ? kMaxBcryptPassword : kMaxPassword; }

 private:
  PasswordHash(Scheme scheme, std::string_view text) : scheme_(scheme), text_(text) {}

  Scheme scheme_;
  std::string text_;
};

}  // namespace penstock::passwords
