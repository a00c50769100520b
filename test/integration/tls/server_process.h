#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "test/integration/tls/client_process.h"

namespace penstock::test {

// A server of the machine (nginx, openssl) that runs as long as the object lives.
class ServerProcess {
 public:
  // Starts it, and lets GATEWAY run until something listens on PORT. What it says goes to NAME.log in FOLDER.
  ServerProcess(TestGateway& gateway, const TestFolder& folder, const std::string& name, uint16_t port,
                std::vector<std::string> arguments);
  ~ServerProcess();
  ServerProcess(const ServerProcess&) = delete;

 private:
  pid_t pid_ = -1;
};

}  // namespace penstock::test
