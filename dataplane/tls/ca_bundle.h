#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "dataplane/tls/key_pair.h"

namespace penstock::tls {

// Certificates of those who may issue others. Immutable; any thread.
class CaBundle {
 public:
  static constexpr size_t kMaxCertificates = 1000;  // distributions ship some 150
  static constexpr std::string_view kSystemFile = "/etc/ssl/certs/ca-certificates.crt";

  static StatusOr<std::shared_ptr<const CaBundle>> Parse(std::string_view pem);
  // What the machine trusts, as it is now.
  static StatusOr<std::shared_ptr<const CaBundle>> System(const std::string& file = std::string(kSystemFile));

  std::span<const CertificatePtr> certificates() const { return certificates_; }
  // Of all certificates, in their order.
  const std::string& fingerprint() const { return fingerprint_; }

 private:
  CaBundle() = default;

  Certificates certificates_;
  std::string fingerprint_;
};

using CaBundles = std::vector<std::shared_ptr<const CaBundle>>;

// All of them as what a chain may end at. Every certificate is an end by itself, also one that another issued.
StorePtr MakeStore(const CaBundles& bundles);

}  // namespace penstock::tls
