// A throw-away CA for tests.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace penstock {

// PEM. The chain holds what is between the certificate and the CA, if anything is.
struct TestCertificate {
  std::string cert;
  std::string key;
};

struct TestCertificateOptions {
  enum class Key { kP256, kP384, kRsa1024, kRsa2048, kEd25519 };

  // "DNS:a.test", "URI:spiffe://a/b", "IP:127.0.0.1", "EMAIL:a@b.test"; any byte may be in them, NUL too.
  std::vector<std::string> names;
  std::string subject = "test";  // common name
  Key key = Key::kP256;
  std::chrono::seconds begins = -std::chrono::hours(1);  // from now
  std::chrono::seconds ends = std::chrono::hours(1);
  std::string usage = "serverAuth,clientAuth";  // extended key usage; "": none is said
};

class TestCa {
 public:
  explicit TestCa(const std::string& subject = "test CA");
  ~TestCa();
  TestCa(const TestCa&) = delete;

  const std::string& cert() const { return cert_; }
  TestCertificate Issue(const TestCertificateOptions& options) const;
  // With one URI name, good for client and server.
  TestCertificate Issue(const std::string& uri) const;

 private:
  struct Keys;
  std::unique_ptr<Keys> keys_;
  std::string cert_;
};

}  // namespace penstock
