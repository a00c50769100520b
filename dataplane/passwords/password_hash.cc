#include "dataplane/passwords/password_hash.h"

#include <algorithm>
#include <charconv>
#include <optional>

namespace penstock::passwords {
namespace {

// crypt(5): its own order of the characters of base64.
constexpr std::string_view kDigits = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

bool AllDigits(std::string_view text) { return text.find_first_not_of(kDigits) == std::string_view::npos; }

Status Refused(std::string_view why) { return absl::InvalidArgumentError(ToAbsl(why)); }

std::optional<uint32_t> Number(std::string_view text) {
  uint32_t number = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  bool whole = error == std::errc() && end == text.data() + text.size();
  return whole ? std::optional(number) : std::nullopt;
}

// Takes what is before the next "$" off TEXT, and the "$".
std::string_view TakePart(std::string_view& text) {
  size_t end = std::min(text.find('$'), text.size());
  std::string_view part = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return part;
}

// "12$" and 53 digits: of these 22 are salt.
Status CheckBcrypt(std::string_view rest) {
  constexpr size_t kHash = 53;
  std::string_view cost_text = TakePart(rest);
  std::optional<uint32_t> cost = Number(cost_text);
  if (cost_text.size() != 2 || !cost.has_value() || rest.size() != kHash || !AllDigits(rest)) {
    return Refused("is no whole bcrypt hash");
  }
  if (*cost >= kMinBcryptCost && *cost <= kMaxBcryptCost) return absl::OkStatus();
  return Refused(StrCat("is bcrypt of cost ", *cost, "; from ", kMinBcryptCost, " to ", kMaxBcryptCost, " are taken"));
}

// "j9T$SALT$HASH": flags, log2(N) - 1 and r - 1, each one digit.
Status CheckYescrypt(std::string_view rest) {
  constexpr size_t kHash = 43;
  constexpr size_t kMaxSalt = 86;
  constexpr size_t kOneDigit = 48;  // those behind begin a number of several
  constexpr uint64_t kMaxR = 32;
  std::string_view parameters = TakePart(rest);
  std::string_view salt = TakePart(rest);
  bool salted = !salt.empty() && salt.size() <= kMaxSalt && AllDigits(salt);
  if (parameters.size() < 3 || !AllDigits(parameters) || !salted || rest.size() != kHash || !AllDigits(rest)) {
    return Refused("is no whole yescrypt hash");
  }
  size_t log2_n = kDigits.find(parameters[1]) + 1;
  uint64_t r = kDigits.find(parameters[2]) + 1;
  if (parameters.size() != 3 || parameters[0] != 'j' || log2_n > kOneDigit || r > kMaxR) {
    return Refused("is yescrypt with other parameters than those that crypt(3) makes");
  }
  // N blocks of 128 r bytes.
  uint64_t bytes = (uint64_t{128} * r) << log2_n;
  if (bytes >= kMinYescryptBytes && bytes <= kMaxYescryptBytes) return absl::OkStatus();
  return Refused(StrCat("is yescrypt with ", bytes >> 10, " KiB; from ", kMinYescryptBytes >> 20, " to ",
                        kMaxYescryptBytes >> 20, " MiB are taken"));
}

// "rounds=N$SALT$HASH" or "SALT$HASH".
Status CheckSha512Crypt(std::string_view rest) {
  constexpr size_t kHash = 86;
  constexpr size_t kMaxSalt = 16;
  constexpr std::string_view kRounds = "rounds=";
  std::optional<uint32_t> rounds = kMinSha512Rounds;
  if (rest.starts_with(kRounds)) rounds = Number(TakePart(rest).substr(kRounds.size()));
  std::string_view salt = TakePart(rest);
  bool salted = !salt.empty() && salt.size() <= kMaxSalt && AllDigits(salt);
  if (!rounds.has_value() || !salted || rest.size() != kHash || !AllDigits(rest)) {
    return Refused("is no whole SHA-512 crypt hash");
  }
  if (*rounds >= kMinSha512Rounds && *rounds <= kMaxSha512Rounds) return absl::OkStatus();
  return Refused(StrCat("is SHA-512 crypt with ", *rounds, " rounds; from ", kMinSha512Rounds, " to ", kMaxSha512Rounds,
                        " are taken"));
}

struct SchemeRow {
  std::string_view prefix;
  Scheme scheme;
  Status (*check)(std::string_view rest);
};
constexpr SchemeRow kSchemes[] = {
    {"$2b$", Scheme::kBcrypt, CheckBcrypt},
    {"$2y$", Scheme::kBcrypt, CheckBcrypt},
    {"$y$", Scheme::kYescrypt, CheckYescrypt},
    {"$6$", Scheme::kSha512Crypt, CheckSha512Crypt},
};

// What people find in files of old, and why it is not taken.
struct RefusedRow {
  std::string_view prefix;
  std::string_view why;
};
constexpr RefusedRow kRefused[] = {
    {"$apr1$", "is MD5 (apr1), which can be guessed by the billion"},
    {"$1$", "is MD5, which can be guessed by the billion"},
    {"{SHA}", "is SHA-1 without a salt, which can be guessed by the billion"},
    {"{SSHA}", "is SHA-1, which can be guessed by the billion"},
    {"{PLAIN}", "is the password itself"},
    {"$5$", "is SHA-256 crypt, which is not taken; SHA-512 crypt ($6$) is"},
    {"$2a$", "is bcrypt of before 2011 ($2a$), which libraries compute differently"},
    {"$2x$", "is bcrypt of a library with a mistake ($2x$)"},
    {"$", "is of a kind that is not taken"},
    {"{", "is of a kind that is not taken"},
};

bool IsControl(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

}  // namespace

std::string_view PasswordFault(std::string_view password) {
  if (password.empty()) return "is empty";
  if (password.size() > kMaxPassword) return "has more than 511 bytes";
  return std::any_of(password.begin(), password.end(), IsControl) ? "has a control character" : "";
}

StatusOr<PasswordHash> PasswordHash::Parse(std::string_view text) {
  for (const SchemeRow& row : kSchemes) {
    if (!text.starts_with(row.prefix)) continue;
    RETURN_IF_ERROR(row.check(text.substr(row.prefix.size())));
    return PasswordHash(row.scheme, text);
  }
  for (const RefusedRow& row : kRefused) {
    if (text.starts_with(row.prefix)) return Refused(row.why);
  }
  return Refused(text.empty() ? "is missing" : "is the password itself, or a hash of DES: neither protects anybody");
}

}  // namespace penstock::passwords
