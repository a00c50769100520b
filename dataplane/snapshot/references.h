#pragma once

#include <string>
#include <string_view>

#include "absl/functional/function_ref.h"
#include "dataplane/snapshot/problem_sink.h"
#include "dataplane/snapshot/snapshot.h"

namespace penstock::snapshot {

// Calls VISIT(type_url, name, field) for every resource that RECORD mentions.
using VisitReference = absl::FunctionRef<void(std::string_view type_url, std::string_view name, const Field& field)>;
void ForEachReference(const CompiledListener& listener, VisitReference visit);
void ForEachReference(const CompiledCluster& cluster, VisitReference visit);
void ForEachReference(const CompiledPolicyChain& chain, VisitReference visit);
void ForEachReference(const CompiledRoute& route, VisitReference visit);

}  // namespace penstock::snapshot
