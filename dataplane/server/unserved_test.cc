#include "dataplane/server/unserved.h"

#include <gtest/gtest.h>

#include "dataplane/snapshot/testing.h"
#include "proto/penstock/xds/v1/secret.pb.h"

namespace penstock::server {
namespace {

namespace t = snapshot::testing;

std::vector<std::string> NamesOf(const std::vector<snapshot::ResourceProblem>& problems) {
  std::vector<std::string> names;
  for (const snapshot::ResourceProblem& problem : problems) names.push_back(problem.name());
  return names;
}

TEST(Unserved, IsWhateverWouldBeSpokenInAnotherWayThanItIsTold) {
  std::vector<snapshot::Resource> resources = {
      t::MakeResource<penstock::xds::v1::Secret>("cert", "name: 'cert'"),
      t::Listener("plain", "port: 1"),
      t::Listener("https", "port: 2 protocol: HTTPS tls { certificates: 'cert' }"),
      t::Listener("udp", "port: 3 protocol: UDP"),
      t::Listener("tcp", "port: 3 protocol: TCP"),
      t::Listener("passed", "port: 7 protocol: TLS"),
      t::Listener("proxied",
                  "port: 4 protocol: HTTP client { proxy_protocol: REQUIRED trusted_proxies: '10.0.0.0/8' }"),
      t::Listener("h2c", "port: 5 client { http2 { prior_knowledge: true } }"),
      t::Cluster("clear"),
      t::Cluster("tls", "tls { hostname: 'a.example' system_ca: true }"),
      t::Cluster("h2", "protocol: HTTP2"),
      t::Cluster("auto", "protocol: AUTO tls { hostname: 'a.example' system_ca: true }"),
      t::Endpoints("clear", "endpoints { address: '10.0.0.1' port: 1 weight: 1 }"),
      t::Endpoints("h2", "endpoints { address: 'unix:/run/x' weight: 1 }"),
      t::Route("http",
               "attachments { listener: 'plain' } rules { forward { clusters { cluster: 'clear' weight: 1 } } }"),
      t::Route(
          "ws",
          "attachments { listener: 'plain' } rules { matches { prefix: '/ws' } forward { upgrades: 'websocket' } }"),
      t::Route("pg", "attachments { listener: 'tcp' } rules { tunnel { clusters { cluster: 'clear' weight: 1 } } }")};
  std::shared_ptr<const snapshot::Snapshot> snapshot = t::MustCompile(nullptr, {resources, {}, {}});
  EXPECT_EQ(NamesOf(FindUnserved(*snapshot, resources)), (std::vector<std::string>{"tls", "auto"}));
}

}  // namespace
}  // namespace penstock::server
