#include "test/integration/tls/server_process.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "dataplane/server/testing.h"

namespace penstock::test {

ServerProcess::ServerProcess(TestGateway& gateway, const TestFolder& folder, const std::string& name, uint16_t port,
                             const std::vector<std::string>& command) {
  io::Fd nothing(open("/dev/null", O_RDONLY | O_CLOEXEC));
  io::Fd log(open(folder.Path(name + ".log").c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  program_ = std::make_unique<Program>(command, Program::Files{nothing.get(), log.get(), log.get()});
  auto listens = [port] {
    int socket = server::ConnectTo(port);
    if (socket < 0) return false;
    close(socket);
    return true;
  };
  bool up = false;
  for (int i = 0; i < 5 && !up; ++i) up = gateway.RunUntil(listens);
  EXPECT_TRUE(up) << folder.Read(name + ".log");
}

}  // namespace penstock::test
