// Effective policies -> the settings of resources. Only what somebody wrote is set: the data planes know the defaults.
#pragma once

#include "controlplane/translator/state.h"
#include "proto/penstock/xds/v1/cluster.pb.h"
#include "proto/penstock/xds/v1/listener.pb.h"
#include "proto/penstock/xds/v1/route.pb.h"

namespace penstock::translator {

penstock::xds::v1::ClientSettings ClientSettingsOf(const api::ClientPolicySpec& policy);
penstock::xds::v1::UpstreamSettings UpstreamSettingsOf(const api::TrafficPolicySpec& policy);
// Timeouts and retries of a Forward action.
void SetForwardSettings(const api::TrafficPolicySpec& policy, penstock::xds::v1::Forward& forward);

}  // namespace penstock::translator
