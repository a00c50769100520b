#pragma once

#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "proto/penstock/xds/v1/question.pb.h"

namespace penstock::rollout {

// Asks one data plane something for an operator, over the stream that it keeps open: nothing else leads to it from
// everywhere.
class Asker {
 public:
  virtual ~Asker() = default;

  // An error says why there is no answer:
  //   kNotFound            no replica of that id is connected; the text names some that are
  //   kFailedPrecondition  its build cannot be asked
  //   kResourceExhausted   it has not answered the question before yet
  //   kAborted             it went away
  using Done = std::function<void(absl::StatusOr<xds::v1::Answer>)>;
  // Calls DONE once, on any thread, maybe before this returns; never waits. A replica that is slow is waited for until
  // it answers or goes away: whoever has less time stops to listen.
  virtual void Ask(const std::string& replica, const xds::v1::Question& question, Done done) = 0;
};

}  // namespace penstock::rollout
