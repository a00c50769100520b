// Rules of an HTTPRoute, without what depends on the Gateway.
#pragma once

#include <string>
#include <vector>

#include "api/manifests/v1/httproute.pb.h"
#include "controlplane/translator/backend_refs.h"
#include "controlplane/translator/findings.h"
#include "controlplane/translator/reader.h"
#include "proto/penstock/xds/v1/route.pb.h"

namespace penstock::translator {

struct TranslatedRules {
  google::protobuf::RepeatedPtrField<penstock::xds::v1::RouteRule> rules;
  std::vector<std::string> clusters;        // that any of them needs, unsorted
  std::vector<ResolvedBackend> unresolved;  // the references that lead nowhere, in order
};

TranslatedRules TranslateRules(const ObjectKey& route, const api::HTTPRouteSpec& spec, Reader& reader,
                               FindingSink& findings);

// The rules of a spec; the standard's one default rule if it has none.
const google::protobuf::RepeatedPtrField<api::HTTPRouteRule>& RulesOf(const api::HTTPRouteSpec& spec);

// A text that two matches share if and only if they match the same requests for the same reasons.
std::string MatchText(const penstock::xds::v1::RouteMatch& match);

}  // namespace penstock::translator
