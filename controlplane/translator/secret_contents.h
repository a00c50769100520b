// What Secrets and ConfigMaps hold for TLS.
#pragma once

#include <array>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "controlplane/manifests/object.h"
#include "controlplane/translator/keys.h"
#include "dataplane/base/status.h"
#include "dataplane/tls/validity.h"

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

// What an object holds for TLS, read when it is asked for and once for each use: many places name one Secret, and
// OpenSSL takes a fraction of a millisecond for each certificate. Any thread.
class SecretContents {
 public:
  explicit SecretContents(manifests::ObjectPtr object) : object_(std::move(object)) {}

  // The first key that is missing, or that data planes could not use: they read it with the same code.
  const std::optional<ContentFault>& Fault(SecretId::Use use) const { return Read(use).fault; }

  // The first certificate that does not count at NOW. REQUIRES: there is no fault.
  std::optional<ContentFault> PastOrFuture(SecretId::Use use, absl::Time now) const;

  // Is the certificate for this host (precise, in lower case)? REQUIRES: there is no fault.
  bool IsFor(std::string_view hostname) const;

 private:
  struct Reading {
    std::optional<ContentFault> fault = std::nullopt;
    std::vector<StatusOr<tls::Validity>> times = {};  // of each certificate
    std::vector<std::string> dns_names = {};          // of the one that is shown
  };
  struct Once {
    std::once_flag flag;
    Reading reading;
  };

  const Reading& Read(SecretId::Use use) const;
  Reading ReadNow(SecretId::Use use) const;
  Reading ReadPair() const;
  Reading ReadAuthorities() const;
  std::string_view Pem(std::string_view key) const { return ValueOf(*object_, key).value_or(""); }

  const manifests::ObjectPtr object_;
  mutable std::array<Once, 2> once_;  // by use
};

// nullptr: no object of this kind holds anything for TLS.
std::shared_ptr<const SecretContents> ContentsOf(const manifests::ObjectPtr& object);

}  // namespace penstock::translator
