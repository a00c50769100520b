#pragma once

#include <functional>
#include <string>

namespace penstock::xds {

// Answers what operators ask this data plane over the control plane's stream.
class Responder {
 public:
  virtual ~Responder() = default;

  // Bytes of a penstock.xds.v1.Answer, to the bytes of a Question.
  using Done = std::function<void(std::string answer)>;
  // Calls DONE once, on a thread of its own or at once, and never waits. Configuration thread.
  virtual void Ask(std::string question, Done done) = 0;
};

}  // namespace penstock::xds
