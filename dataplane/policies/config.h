#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "dataplane/policies/judgement.h"

namespace penstock {
class Exchange;
}

namespace penstock::policies {

// What the pure `config` target of a policy makes of its bytes: valid by existing, immutable, part of the snapshot.
// Its `run` target knows the concrete type.
class PolicyConfig {
 public:
  virtual ~PolicyConfig() = default;

  virtual std::string Describe() const = 0;  // one line for explain, without secrets

  // What live traffic would decide about X, and why, by the same code. Leaves in X what OnRequest leaves there as far
  // as later policies look at it (identity, header fields). X has a request whose listener and route are decided, and
  // no services. Pure: whatever would have to be asked of the world is a Fact.
  virtual Judgement Judge(Exchange& x, const Facts& facts) const { return Judgement::Pass(Describe()); }

  // What makes no sense behind the policies of TYPES, which come before it in its chain. InvalidArgument begins with
  // the field's path.
  virtual absl::Status CheckBehind(const std::vector<std::string>& types) const { return absl::OkStatus(); }

  // As Policy::SeesPreflights.
  virtual bool SeesPreflights() const { return false; }

  // The Secret resources that it names: what is made of it is made anew when one of them changes.
  virtual std::vector<std::string> Secrets() const { return {}; }
  // The Cluster resources that it asks; none of them is "".
  virtual std::vector<std::string> Clusters() const { return {}; }
  // The parameters of queries that it takes credentials from: no log shows their values.
  virtual std::vector<std::string> SecretQueryParameters() const { return {}; }
  // The AddressList resources that it looks into.
  virtual std::vector<std::string> AddressLists() const { return {}; }
};

using PolicyConfigPtr = std::shared_ptr<const PolicyConfig>;

}  // namespace penstock::policies
