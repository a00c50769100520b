// Rules of an HTTPRoute or GRPCRoute, without what depends on the Gateway.
#pragma once

#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "api/manifests/v1/httproute.pb.h"
#include "controlplane/translator/backend_refs.h"
#include "controlplane/translator/findings.h"
#include "controlplane/translator/reader.h"
#include "proto/penstock/xds/v1/route.pb.h"

namespace penstock::translator {

struct TranslatedRules {
  google::protobuf::RepeatedPtrField<penstock::xds::v1::RouteRule> rules;
  std::vector<ResolvedBackend> unresolved;  // the references that lead nowhere, in order
};

TranslatedRules TranslateRules(const ObjectKey& route, const api::HTTPRouteSpec& spec, Reader& reader,
                               FindingSink& findings);

// The rules of a spec; the standard's one default rule if it has none.
const google::protobuf::RepeatedPtrField<api::HTTPRouteRule>& RulesOf(const api::HTTPRouteSpec& spec);

// Calls VISIT with each cluster that a rule names, "" for what could not be resolved.
void ForEachCluster(penstock::xds::v1::RouteRule& rule, absl::FunctionRef<void(std::string& cluster)> visit);

// A text that two matches share if and only if they match the same requests for the same reasons.
std::string MatchText(const penstock::xds::v1::RouteMatch& match);

}  // namespace penstock::translator
