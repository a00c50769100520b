#pragma once

#include <memory>
#include <string>

namespace penstock::policies {

// What the pure `config` target of a policy makes of its bytes: valid by existing, immutable, part of the snapshot.
// Its `run` target knows the concrete type.
class PolicyConfig {
 public:
  virtual ~PolicyConfig() = default;
  virtual std::string Describe() const = 0;  // one line for explain, without secrets
};

using PolicyConfigPtr = std::shared_ptr<const PolicyConfig>;

}  // namespace penstock::policies
