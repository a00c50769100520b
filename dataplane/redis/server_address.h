#pragma once

#include <string_view>

namespace penstock::redis {

inline constexpr std::string_view kServerAddressForm = "HOST:PORT with a port of 1 to 65535, or unix:/PATH";

// May TEXT be the address of a server? Pure: whoever checks a configuration may ask.
bool IsServerAddress(std::string_view text);

}  // namespace penstock::redis
