// A hub between a rollout and streams that tests play.
#pragma once

#include <gtest/gtest.h>

#include "controlplane/xds/hub.h"
#include "controlplane/xds/test_resources.h"

namespace penstock::xds_server {

using discovery::v3::DeltaDiscoveryRequest;

// The rollout, as far as the hub sees it: a Fleet with a clock that stands still.
class FakeRollout final : public rollout::FleetEvents {
 public:
  void Connected(rollout::SessionId session, const rollout::Replica& replica, const rollout::GroupSelector&) override {
    fleet.Connected(session, replica, now);
  }
  void Sent(rollout::SessionId session, GenerationId id) override { fleet.Sent(session, id, now); }
  void Acked(rollout::SessionId session, GenerationId id) override { fleet.Acked(session, id, now); }
  void Served(rollout::SessionId session, GenerationId id) override { fleet.Served(session, id, now); }
  void Rejected(rollout::SessionId session, GenerationId id, const std::vector<std::string>& problems) override {
    fleet.Rejected(session, id, problems, now);
  }
  void Lost(rollout::SessionId session) override { fleet.Lost(session, now); }
  GenerationId Target(rollout::SessionId session) override { return fleet.Target(session); }

  rollout::Fleet fleet;
  absl::Time now = absl::FromUnixSeconds(1'700'000'000);
};

class Pipe final : public Outlet {
 public:
  void Send(std::shared_ptr<const Transaction> transaction) override { last = std::move(transaction), ++sent; }
  void Close(absl::Status reason) override { closed = reason; }

  std::shared_ptr<const Transaction> last;
  int sent = 0;
  absl::Status closed;
};

class HubTest : public testing::Test {
 protected:
  struct Client {
    rollout::SessionId id = 0;
    std::shared_ptr<Pipe> pipe = std::make_shared<Pipe>();
  };

  Client Connect(const std::string& name, const std::string& gateway_class = "") {
    Client client;
    client.id = hub_.Open({"spiffe://penstock/dataplane/" + name, name, "ipv4:127.0.0.9:1"}, client.pipe).value();
    DeltaDiscoveryRequest request;
    request.set_type_url(std::string(snapshot::kGenerationType));
    request.mutable_node()->set_id(name);
    if (!gateway_class.empty()) {
      (*request.mutable_node()->mutable_metadata()->mutable_fields())["gateway_class"].set_string_value(gateway_class);
    }
    EXPECT_TRUE(hub_.OnRequest(client.id, request).ok());
    return client;
  }

  void AskForTicketKeys(const Client& client) {
    DeltaDiscoveryRequest request;
    request.set_type_url(std::string(kTicketKeysType));
    EXPECT_TRUE(hub_.OnRequest(client.id, request).ok());
  }

  void Publish(uint64_t number, std::vector<ResourcePtr> upserts, const std::string& key = "default") {
    rollout_.fleet.Stored({1, number}, rollout_.now);
    hub_.Publish(Published(number, std::move(upserts), {}, key));
  }

  void Answer(const Client& client, bool ack = true) {
    DeltaDiscoveryRequest request;
    request.set_type_url(std::string(snapshot::kGenerationType));
    request.set_response_nonce(client.pipe->last->responses.back().nonce);
    if (!ack) request.mutable_error_detail()->set_message("no");
    EXPECT_TRUE(hub_.OnRequest(client.id, request).ok());
  }

  static std::string Last(const Client& client) {
    std::vector<std::string> responses;
    if (client.pipe->last == nullptr) return "nothing";
    for (const Response& response : client.pipe->last->responses) responses.push_back(*response.bytes);
    return Contents(responses);
  }

  FakeRollout rollout_;
  Hub hub_{&rollout_, "test", {.streams = 10, .streams_per_identity = 4}};
};

}  // namespace penstock::xds_server
