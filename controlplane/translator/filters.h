// Filters of rules and of backendRefs.
#pragma once

#include <optional>
#include <string>

#include "api/manifests/v1/httproute.pb.h"
#include "controlplane/translator/backend_refs.h"
#include "controlplane/translator/findings.h"
#include "controlplane/translator/reader.h"
#include "proto/penstock/xds/v1/route.pb.h"

namespace penstock::translator {

struct TranslatedFilters {
  google::protobuf::RepeatedPtrField<penstock::xds::v1::Filter> filters;
  std::optional<penstock::xds::v1::Redirect> redirect;
  std::vector<ResolvedBackend> unresolved;  // of mirrors, those that lead nowhere
};

enum class FilterPlace { kRule, kBackendRef };

// `path` is the list's field. `prefix_only`: every match of the rule is a PathPrefix, so that a matched prefix can be
// replaced.
TranslatedFilters TranslateFilters(const google::protobuf::RepeatedPtrField<api::HTTPRouteFilter>& filters,
                                   const std::string& path, FilterPlace place, bool prefix_only, const ObjectKey& route,
                                   Reader& reader, FindingSink& findings);

}  // namespace penstock::translator
