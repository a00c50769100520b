// What values are sealed under.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

namespace penstock::vault {

// How sealed values and messages call a key: the first bytes of its SHA-256. No secret.
struct KeyId {
  std::array<uint8_t, 8> bytes{};

  friend auto operator<=>(const KeyId&, const KeyId&) = default;
};

// 16 hexadecimal digits.
std::string ToString(const KeyId& id);

// A key of AES-256. Its bytes are overwritten when it ends or is moved from.
class Key {
 public:
  static constexpr size_t kBytes = 32;

  // REQUIRES: kBytes bytes.
  explicit Key(std::string_view bytes);
  // From the kernel's random.
  static Key Random();

  Key(Key&& other) noexcept;
  Key& operator=(Key&& other) noexcept;
  ~Key();

  const std::array<uint8_t, kBytes>& bytes() const { return bytes_; }
  const KeyId& id() const { return id_; }

 private:
  std::array<uint8_t, kBytes> bytes_;
  KeyId id_;
};

}  // namespace penstock::vault
