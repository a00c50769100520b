#pragma once

#include <memory>
#include <string>
#include <vector>

#include "test/integration/http1/test_gateway.h"
#include "test/support/program.h"
#include "test/support/test_folder.h"

namespace penstock::test {

// A server of the machine (nginx, openssl) that runs as long as the object lives.
class ServerProcess {
 public:
  // Starts it, and lets GATEWAY run until something listens on PORT. What it says goes to NAME.log in FOLDER.
  ServerProcess(TestGateway& gateway, const TestFolder& folder, const std::string& name, uint16_t port,
                const std::vector<std::string>& command);
  ServerProcess(const ServerProcess&) = delete;

 private:
  std::unique_ptr<Program> program_;
};

}  // namespace penstock::test
