#include "dataplane/policies/credentials/secret_parameters.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <utility>

#include "dataplane/base/ascii.h"
#include "dataplane/policies/headers/field_syntax.h"

namespace penstock::policies {
namespace {

// access_token: RFC 6750 2.3.
constexpr std::string_view kWellKnown[] = {"access_token", "id_token", "refresh_token", "token",   "api_key",
                                           "apikey",       "api-key",  "client_secret", "password"};

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

// Takes the first character off WRITTEN: decoded, in lower case. REQUIRES: WRITTEN is not empty.
char Next(std::string_view& written) {
  int escaped = EscapedByte(written);
  char c = escaped >= 0 ? static_cast<char>(escaped) : written[0];
  written.remove_prefix(escaped >= 0 ? 3 : 1);
  return Lower(c);
}

// FNV-1a.
constexpr uint64_t kHashStart = 0xcbf29ce484222325;
uint64_t HashWith(uint64_t hash, char c) { return (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3; }

char* Append(std::string_view text, char* out) {
  std::memcpy(out, text.data(), text.size());
  return out + text.size();
}

}  // namespace

SecretParameters::SecretParameters() {
  for (std::string_view name : kWellKnown) Add(name);
}

std::shared_ptr<const SecretParameters> SecretParameters::With(std::shared_ptr<const SecretParameters> set,
                                                               const std::vector<std::string>& names) {
  bool has_all = std::all_of(names.begin(), names.end(),
                             [&](const std::string& name) { return set->names_.contains(LowerCase(name)); });
  if (has_all) return set;
  auto result = std::make_shared<SecretParameters>(*set);
  for (const std::string& name : names) result->Add(name);
  return result;
}

std::string_view SecretParameters::Mask(std::string_view query, Arena& arena) const {
  char* masked = nullptr;
  char* out = nullptr;
  size_t copied = 0;  // of QUERY, into MASKED
  for (size_t begin = 0; begin < query.size();) {
    size_t end = std::min(query.find('&', begin), query.size());
    std::string_view part = query.substr(begin, end - begin);
    size_t name = part.find('=');
    // What has no value hides nothing, so the result is never longer than the query.
    if (name < part.size() - 1 && Has(part.substr(0, name))) {
      if (masked == nullptr) masked = out = arena.Allocate(query.size());
      out = Append(query.substr(copied, begin + name + 1 - copied), out);
      *out++ = '-';
      copied = end;
    }
    begin = end + 1;
  }
  if (masked == nullptr) return query;
  out = Append(query.substr(copied), out);
  return {masked, static_cast<size_t>(out - masked)};
}

void SecretParameters::Add(std::string_view name) {
  longest_ = std::max(longest_, name.size());
  names_.insert(LowerCase(name));
}

bool SecretParameters::Has(std::string_view written) const {
  bool too_long = written.size() > 3 * longest_;  // even if each character is percent-encoded
  return !too_long && names_.contains(Written{written});
}

size_t SecretParameters::Hash::operator()(std::string_view name) const {
  uint64_t hash = kHashStart;
  for (char c : name) hash = HashWith(hash, c);
  return hash;
}

size_t SecretParameters::Hash::operator()(Written name) const {
  uint64_t hash = kHashStart;
  while (!name.text.empty()) hash = HashWith(hash, Next(name.text));
  return hash;
}

bool SecretParameters::Equal::operator()(std::string_view name, Written written) const {
  for (char c : name) {
    if (written.text.empty() || Next(written.text) != c) return false;
  }
  return written.text.empty();
}

}  // namespace penstock::policies
