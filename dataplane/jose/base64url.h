#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace penstock::jose {

// RFC 7515 2. Strict, so that bytes have one text: nullopt for padding, white space, a character of another alphabet, a
// length that no bytes have, and bits left over that are not zero.
std::optional<std::string> DecodeBase64url(std::string_view text);

std::string EncodeBase64url(std::string_view bytes);

}  // namespace penstock::jose
