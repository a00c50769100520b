// The options of TLS that have names of their own: spec.listeners[].tls.options, BackendTLSPolicy spec.options.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "controlplane/translator/findings.h"
#include "google/protobuf/map.h"
#include "proto/penstock/xds/v1/listener.pb.h"

namespace penstock::translator {

inline constexpr std::string_view kMinVersionOption = "penstock.dev/min-version";

// The oldest version of TLS that OPTIONS allow; unspecified if they do not say. `path` is their field. Options that are
// not known are errors.
penstock::xds::v1::TlsVersion ReadMinVersion(const google::protobuf::Map<std::string, std::string>& options,
                                             const std::string& path, FindingSink& findings);

}  // namespace penstock::translator
