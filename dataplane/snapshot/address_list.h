#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "dataplane/exchange/address_lists.h"
#include "dataplane/policies/cidr_set/cidr_set.h"
#include "dataplane/snapshot/problem_sink.h"
#include "proto/penstock/xds/v1/address_list.pb.h"

namespace penstock::snapshot {

struct SnapshotState;

// One AddressList: valid by existing, immutable.
struct CompiledAddressList {
  std::string name;
  policies::CidrSet addresses;
};

std::shared_ptr<const CompiledAddressList> CompileAddressList(const xds::v1::AddressList& list, ProblemSink& problems);

// The AddressLists of a generation, by name.
class NamedLists final : public AddressLists {
 public:
  // STATE outlives it.
  explicit NamedLists(const SnapshotState& state) : state_(state) {}
  bool Contains(std::string_view list, const IpAddress& address) const override;

 private:
  const SnapshotState& state_;
};

}  // namespace penstock::snapshot
