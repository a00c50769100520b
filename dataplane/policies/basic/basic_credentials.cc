#include "dataplane/policies/basic/basic_credentials.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>

#include "absl/strings/match.h"
#include "dataplane/base/strings.h"
#include "dataplane/passwords/password_hash.h"
#include "dataplane/passwords/user_file.h"

namespace penstock::policies {
namespace {

using State = AuthResult::State;

constexpr size_t kMaxDecoded = passwords::kMaxUserName + 1 + passwords::kMaxPassword;
constexpr size_t kMaxEncoded = (kMaxDecoded + 2) / 3 * 4;

constexpr http::HeaderId kField = http::HeaderId::kAuthorization;
constexpr std::string_view kScheme = "Basic ";  // the same in whatever case (RFC 9110 11.1)

bool IsBasic(std::string_view value) { return absl::StartsWithIgnoreCase(ToAbsl(value), ToAbsl(kScheme)); }

constexpr std::array<int8_t, 256> MakeValues() {
  std::array<int8_t, 256> values{};
  values.fill(-1);
  constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (size_t i = 0; i < kDigits.size(); ++i) values[static_cast<uint8_t>(kDigits[i])] = static_cast<int8_t>(i);
  return values;
}
constexpr std::array<int8_t, 256> kValues = MakeValues();

// nullopt: TEXT is not what bytes are written as.
std::optional<std::string_view> DecodeBase64(std::string_view text, Arena& arena) {
  if (text.empty() || text.size() % 4 != 0) return std::nullopt;
  size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
  size_t size = text.size() / 4 * 3 - padding;
  text.remove_suffix(padding);
  char* out = arena.Allocate(size);
  uint32_t bits = 0;
  int count = 0;
  size_t written = 0;
  for (char c : text) {
    int8_t value = kValues[static_cast<uint8_t>(c)];
    if (value < 0) return std::nullopt;
    bits = (bits << 6 | static_cast<uint32_t>(value)) & 0xffffff;
    count += 6;
    if (count < 8) continue;
    count -= 8;
    out[written++] = static_cast<char>(bits >> count & 0xff);
  }
  bool left_over = (bits & ((uint32_t{1} << count) - 1)) != 0;
  if (left_over || written != size) return std::nullopt;
  return std::string_view(out, size);
}

BasicCredentials Invalid(std::string_view why) { return {{State::kInvalid, why}, "", ""}; }

BasicCredentials Read(std::string_view encoded, Arena& arena) {
  if (encoded.size() > kMaxEncoded) return Invalid("the user and the password are too long");
  std::optional<std::string_view> decoded = DecodeBase64(encoded, arena);
  if (!decoded.has_value()) return Invalid("the user and the password are not in base64");
  size_t colon = decoded->find(':');
  if (colon == std::string_view::npos) return Invalid("there is no colon between a user and a password");
  std::string_view user = decoded->substr(0, colon);
  std::string_view password = decoded->substr(colon + 1);
  std::string_view fault = passwords::UserNameFault(user);
  if (!fault.empty()) return Invalid(arena.Concat({"the user's name ", fault}));
  fault = passwords::PasswordFault(password);
  if (!fault.empty()) return Invalid(arena.Concat({"the password ", fault}));
  return {{State::kAssumed, ""}, user, password};
}

}  // namespace

BasicCredentials FindBasicCredentials(const http::RequestHead& request, Arena& arena) {
  if (request.headers.Count(kField) > 1) return Invalid("more than one header authorization");
  std::string_view value = request.headers.Get(kField);
  if (!IsBasic(value)) return {{State::kMissing, "no user and password"}, "", ""};
  std::string_view encoded = value.substr(kScheme.size());
  encoded.remove_prefix(std::min(encoded.find_first_not_of(' '), encoded.size()));
  return Read(encoded, arena);
}

// "Basic" with a tab or nothing behind it is no credential here, and may be one to a backend.
void RemoveBasicCredentials(http::RequestHead& request) {
  constexpr absl::string_view kName = "Basic";
  bool several = request.headers.Count(kField) > 1;
  bool meant = absl::StartsWithIgnoreCase(ToAbsl(request.headers.Get(kField)), kName);
  if (several || meant) request.headers.Remove(kField);
}

}  // namespace penstock::policies
