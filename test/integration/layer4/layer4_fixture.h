#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "dataplane/base/when.h"
#include "dataplane/telemetry/access_log/access_log.h"
#include "test/integration/http1/test_gateway.h"

namespace penstock::test {

using StreamPtr = std::unique_ptr<io::TcpStream>;

// A port of IP that was free a moment ago.
uint16_t FreePort(const std::string& ip = "127.0.0.1");

// An upstream whose connections the test takes and drives itself.
class ByteUpstream {
 public:
  explicit ByteUpstream(io::Reactor& reactor, const std::string& address = "127.0.0.1:0");

  const io::SocketAddress& address() const { return listener_->address(); }
  // As an endpoint of xds.v1.Endpoints.
  std::string AsEndpoint(int weight = 1) const;
  // The next connection.
  StreamPtr Accept() { return *reactor_.BlockOn(listener_->Accept(Wait{})); }
  // Somebody has connected whom Accept() did not give.
  bool HasConnection();
  void Drop() { waiting_.reset(); }
  void StopListening() { listener_->Close(); }

 private:
  io::Reactor& reactor_;
  std::unique_ptr<io::Listener> listener_;
  StreamPtr waiting_;
};

// For tests that move time: a base before Layer4Test, which takes the clock.
struct HasClock {
  FakeClock clock_;
};

// A gateway with a layer 4 listener "edge/gw/l4" and a route "edge/route" to the cluster "up".
class Layer4Test : public ::testing::Test {
 private:
  // Outlives the gateway, which logs to its end.
  telemetry::AccessLogRing ring_{1 << 16};
  std::atomic<uint32_t> sleeping_{0};
  telemetry::WorkerCells log_cells_;
  telemetry::AccessLogWriter log_{ring_, sleeping_, log_cells_};
  std::string lines_;

 protected:
  explicit Layer4Test(const Clock* clock = nullptr);

  struct Setup {
    std::string listener = "protocol: TCP";  // more of the Listener
    std::string route = "tunnel { clusters { cluster: 'up' weight: 1 } }";
    std::string attachment = "";  // more of the RouteAttachment
    std::string cluster = "";     // more of the Cluster
    std::string endpoints = "";   // of "up"
    std::string ip = "127.0.0.1";
  };
  void Serve(const Setup& setup);
  // With resources of the test's own besides.
  void Serve(const Setup& setup, std::vector<snapshot::Resource> more);

  // A connection to the listener.
  StreamPtr Connect();
  std::string Read(io::Stream& stream, size_t max = BlockPool::kLarge);
  std::string ReadAtLeast(io::Stream& stream, size_t bytes);
  void Write(io::Stream& stream, std::string_view bytes);
  void End(io::Stream& stream) { ASSERT_TRUE(gateway_.reactor().BlockOn(stream.ShutdownWrite(Wait{})).ok()); }
  // What a peer sees of a reset.
  bool WasReset(io::Stream& stream);
  // Lets everything that can happen now happen.
  void Settle();

  // The next line of the access log, once it is there.
  std::string NextLogLine();
  telemetry::RouteCells& RouteCells(std::string_view route = "edge/route");
  telemetry::ClusterCells& ClusterCells() { return gateway_.proxy().stats.Cluster("up"); }

  TestGateway gateway_;
  std::string ip_;
  uint16_t port_ = 0;
};

}  // namespace penstock::test
