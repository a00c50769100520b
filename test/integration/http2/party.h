#pragma once

#include <string>
#include <vector>

#include "test/integration/http1/test_gateway.h"

namespace penstock::test {

struct PartyEnd {
  int code = -1;    // of its exit; -1: it did not end in time, or by a signal
  std::string out;  // what it wrote to standard output and error
};

// Runs a program of the system (argv[0] is looked for in PATH) beside the gateway until it ends.
PartyEnd RunParty(TestGateway& gateway, const std::vector<std::string>& argv);

}  // namespace penstock::test
