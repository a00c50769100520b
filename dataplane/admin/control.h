// What the operators' pages ask of the process.
#pragma once

#include <string>

#include "dataplane/proxy/generation/generation.h"
#include "dataplane/telemetry/log/log.h"
#include "dataplane/telemetry/stats/registry.h"

namespace penstock::admin {

struct Readiness {
  bool ready = false;
  std::string why;  // one line for people, also when it is ready
};

// Constant facts about the process.
struct ProcessFacts {
  std::string id;
  std::string build;
  int workers = 0;
};

// Implemented by the server. The methods are called on the threads of the pages.
class Control {
 public:
  virtual ~Control() = default;

  virtual Readiness readiness() const = 0;
  // What is served now; empty: nothing yet.
  virtual proxy::GenerationLease Running() = 0;
  // As SIGTERM does. Returns at once.
  virtual void StartDrain() = 0;
};

}  // namespace penstock::admin
