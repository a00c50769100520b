#pragma once

#include <memory>

#include "dataplane/snapshot/credential.h"
#include "dataplane/snapshot/problem_sink.h"
#include "dataplane/snapshot/revocation.h"
#include "dataplane/snapshot/snapshot.h"
#include "proto/penstock/xds/v1/cluster.pb.h"
#include "proto/penstock/xds/v1/endpoints.pb.h"
#include "proto/penstock/xds/v1/listener.pb.h"
#include "proto/penstock/xds/v1/policy.pb.h"
#include "proto/penstock/xds/v1/route.pb.h"
#include "proto/penstock/xds/v1/secret.pb.h"

namespace penstock::snapshot {

// One resource each: everything that can be said without looking at another. Reports every problem; the result is of
// use only if there was none.
Shared<CompiledListener> CompileListener(const xds::v1::Listener& listener, ProblemSink& problems);
Shared<CompiledRoute> CompileRoute(const xds::v1::Route& route, ProblemSink& problems);
Shared<CompiledCluster> CompileCluster(const xds::v1::Cluster& cluster, ProblemSink& problems);
Shared<EndpointSet> CompileEndpoints(const xds::v1::Endpoints& endpoints, ProblemSink& problems);
Shared<CompiledPolicyChain> CompilePolicyChain(const xds::v1::PolicyChain& chain, ProblemSink& problems);
Shared<CompiledSecret> CompileSecret(const xds::v1::Secret& secret, ProblemSink& problems);

// Parts of a listener and of a cluster.
ServerTls CompileServerTls(const xds::v1::ServerTls& tls, ListenerProtocol protocol, ProblemSink& problems);
UpstreamTls CompileUpstreamTls(const xds::v1::UpstreamTls& tls, ProblemSink& problems);

// Parts of a route.
router::Match CompileMatch(const xds::v1::RouteMatch& match, const Field& field, ProblemSink& problems);
Filters CompileFilters(const google::protobuf::RepeatedPtrField<xds::v1::Filter>& filters, const Field& parent,
                       ProblemSink& problems);
PathRewrite CompilePathRewrite(const xds::v1::PathRewrite& rewrite, const Field& field, ProblemSink& problems);
Action CompileAction(const xds::v1::RouteRule& rule, const Field& field, ProblemSink& problems);

}  // namespace penstock::snapshot
