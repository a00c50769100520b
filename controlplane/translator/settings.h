// Effective policies -> the settings of resources. Only what somebody wrote is set: the data planes know the defaults.
#pragma once

#include "controlplane/translator/findings.h"
#include "controlplane/translator/state.h"
#include "proto/penstock/xds/v1/cluster.pb.h"
#include "proto/penstock/xds/v1/listener.pb.h"
#include "proto/penstock/xds/v1/route.pb.h"

namespace penstock::translator {

penstock::xds::v1::ClientSettings ClientSettingsOf(const api::ClientPolicySpec& policy);
// What a policy says about the handshakes of a listener with TLS, on top of what the listener says itself. Of an HTTPS
// listener: what is agreed on by ALPN, too.
void AddClientTls(const api::ClientPolicySpec& policy, bool https, penstock::xds::v1::ServerTls& tls);
penstock::xds::v1::UpstreamSettings UpstreamSettingsOf(const api::TrafficPolicySpec& policy);
// A request's timeouts that one object gives: REQUEST and BACKEND are texts of durations, or empty. PATH is theirs.
void CheckTimeouts(const std::string& request, const std::string& backend, const std::string& path,
                   FindingSink& findings);
// Timeouts and retries of a Forward action.
void SetForwardSettings(const api::TrafficPolicySpec& policy, penstock::xds::v1::Forward& forward);

}  // namespace penstock::translator
