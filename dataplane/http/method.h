#pragma once

#include <cstdint>
#include <string_view>

namespace penstock::http {

// The methods of RFC 9110 and RFC 5789. kOther: any other token, whose text the head keeps.
enum class Method : uint8_t { kOther, kGet, kHead, kPost, kPut, kDelete, kConnect, kOptions, kTrace, kPatch };

// Methods are case-sensitive (RFC 9110 9.1): "get" is kOther.
Method ParseMethod(std::string_view text);
std::string_view MethodText(Method method);  // "" for kOther

// RFC 9110 9.2.2: sending it twice has the effect of sending it once. Unknown methods are not.
bool IsIdempotent(Method method);
// RFC 9110 9.2.1.
bool IsSafe(Method method);

}  // namespace penstock::http
