// A throw-away CA for tests.
#pragma once

#include <string>

namespace penstock::xds {

// PEM.
struct TestCertificate {
  std::string cert;
  std::string key;
};

class TestCa {
 public:
  TestCa();
  ~TestCa();
  TestCa(const TestCa&) = delete;

  const std::string& cert() const { return cert_; }
  // A certificate with one URI name, good for client and server.
  TestCertificate Issue(const std::string& uri);

 private:
  struct Keys;
  Keys* keys_;
  std::string cert_;
};

}  // namespace penstock::xds
