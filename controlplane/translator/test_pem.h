// Certificates for manifests of tests.
#pragma once

#include <string>

#include "dataplane/base/test_certificates.h"

namespace penstock::translator {

// PEM as a value of YAML, on one line.
inline std::string Quoted(const std::string& pem) {
  std::string text = "\"";
  for (char c : pem) {
    if (c == '\n') {
      text += "\\n";
    } else {
      text += c;
    }
  }
  return text + "\"";
}

}  // namespace penstock::translator
