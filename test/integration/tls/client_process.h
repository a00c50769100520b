#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "test/integration/http1/test_gateway.h"

namespace penstock::test {

// A folder of the test for certificates, inputs and outputs; gone with the object.
class TestFolder {
 public:
  TestFolder();
  ~TestFolder();
  TestFolder(const TestFolder&) = delete;

  // The path of NAME in it.
  std::string Path(const std::string& name) const { return path_ + "/" + name; }
  // Writes CONTENT to NAME and returns its path.
  std::string Write(const std::string& name, const std::string& content) const;
  std::string Read(const std::string& name) const;

 private:
  std::string path_;
};

struct ProcessResult {
  int code = -1;       // exit code; minus the signal
  std::string output;  // standard output, then standard error
};

// Runs a program of the machine (curl, openssl) with INPUT while GATEWAY serves, until it has ended.
ProcessResult RunClient(TestGateway& gateway, const TestFolder& folder, std::vector<std::string> arguments,
                        const std::string& input = "");

}  // namespace penstock::test
