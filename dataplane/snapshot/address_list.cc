#include "dataplane/snapshot/address_list.h"

#include "dataplane/snapshot/state.h"

namespace penstock::snapshot {

std::shared_ptr<const CompiledAddressList> CompileAddressList(const xds::v1::AddressList& list, ProblemSink& problems) {
  auto result = std::make_shared<CompiledAddressList>();
  result->name = list.name();
  StatusOr<policies::CidrSet> addresses = policies::CidrSet::Parse(list.addresses(), "addresses");
  if (addresses.ok()) {
    result->addresses = *std::move(addresses);
  } else {
    problems.Add("E205", Field("addresses"), addresses.status());
  }
  return result;
}

bool NamedLists::Contains(std::string_view list, const IpAddress& address) const {
  const Shared<CompiledAddressList>* found = FindIn<CompiledAddressList>(state_, list);
  return found != nullptr && (*found)->addresses.Contains(address);
}

}  // namespace penstock::snapshot
