// The gRPC side of xDS: streams of
// /envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources, bytes in and out of the Hub.
#pragma once

#include <memory>

#include "controlplane/xds/hub.h"

namespace grpc {
class CallbackGenericService;
class ServerBuilder;
}  // namespace grpc

namespace penstock::xds_server {

// What every server that carries xDS sets: message size, keep-alive that finds a dead peer within 30 s, and an age at
// which connections move on (with gRPC's own jitter of 10 %), so that a fleet spreads over control planes again.
void SetConnectionLimits(grpc::ServerBuilder& builder);

// Only certificates of data planes may open a stream. `hub` outlives the service; the service outlives its server.
std::unique_ptr<grpc::CallbackGenericService> MakeAdsService(Hub& hub);

}  // namespace penstock::xds_server
