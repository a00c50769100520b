// What Secrets and ConfigMaps hold for TLS.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "controlplane/manifests/object.h"
#include "controlplane/translator/keys.h"

namespace penstock::translator {

// The keys that a use needs, and what is checked about each.
std::vector<std::string_view> KeysOf(SecretId::Use use);

// The value of a key; nullopt if there is none. REQUIRES: `object` is a Secret or ConfigMap.
std::optional<std::string_view> ValueOf(const manifests::Object& object, std::string_view key);
// The field that gives a key its value: `data["tls.crt"]`, `dataFromFiles["tls.crt"]`, or `data` if there is no such
// key.
std::string FieldOf(const manifests::Object& object, std::string_view key);

// What is wrong with the value of one key. No byte of the value is in the text.
struct ContentFault {
  std::string_view key;
  std::string problem;  // `there is no key "tls.crt"`, `tls.key: key does not match certificate`
};
// The first key that is missing, or that data planes could not use: they read it with the same code.
std::optional<ContentFault> FindContentFault(const manifests::Object& object, SecretId::Use use);

// The first certificate that does not count at NOW. REQUIRES: there is no fault.
std::optional<ContentFault> FindPastOrFuture(const manifests::Object& object, SecretId::Use use, absl::Time now);

// Is the certificate for this host (precise, in lower case)? REQUIRES: there is no fault.
bool IsCertificateFor(const manifests::Object& object, std::string_view hostname);

}  // namespace penstock::translator
