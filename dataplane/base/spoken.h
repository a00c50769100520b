#pragma once

#include <cstdint>
#include <string_view>

namespace penstock {

// What somebody speaks who does not speak what is expected, for who wonders at night why it does not work.
enum class Spoken : uint8_t { kUnknown, kHttp, kHttp2, kTls, kSsh, kProxyHeader };

// By the first bytes of a connection, as many as came with the first read.
Spoken SpokenBy(std::string_view bytes);

// For the log of a port where TLS is expected: "HTTP in the clear at a port that speaks TLS". Static.
std::string_view TextAtTls(Spoken spoken);

}  // namespace penstock
