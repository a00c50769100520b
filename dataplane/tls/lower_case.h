#pragma once

#include <string>
#include <string_view>

namespace penstock::tls {

// ASCII only, as names of hosts are compared.
inline std::string LowerCase(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

}  // namespace penstock::tls
