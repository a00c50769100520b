// A data plane as far as the control plane can tell: a Delta xDS client that shares no code with ours.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "grpcpp/grpcpp.h"
#include "proto/discovery/discovery.pb.h"
#include "proto/penstock/xds/v1/generation.pb.h"

namespace penstock::test {

class DeltaClient {
 public:
  DeltaClient(const std::string& address, std::shared_ptr<grpc::ChannelCredentials> credentials, std::string id);
  ~DeltaClient();

  // Opens a stream with what is held from before.
  void Subscribe();
  // Ends the stream; what it held stays.
  grpc::Status Close();
  // The status of a stream that the server ended.
  grpc::Status Finish();

  // One transaction, taken or refused.
  struct Received {
    xds::v1::Generation generation;
    size_t bytes = 0;
    std::vector<std::string> changed;  // "Route default/users", "-Route default/users"
  };
  // The next whole transaction, not yet answered; nullopt: the stream ended.
  std::optional<Received> Receive();
  void Accept();
  void Refuse(const std::string& reason);

  // Names by type ("Route"), of what was accepted.
  std::vector<std::string> Held(const std::string& type) const;

 private:
  using Request = discovery::v3::DeltaDiscoveryRequest;
  using Response = discovery::v3::DeltaDiscoveryResponse;
  using Stream = grpc::ClientReaderWriter<Request, Response>;
  using Versions = std::map<std::string, std::map<std::string, std::string>>;  // type URL -> name -> version

  void Acknowledge(const Response& response);

  const std::shared_ptr<grpc::Channel> channel_;
  const std::string id_;
  std::unique_ptr<grpc::ClientContext> context_;
  std::unique_ptr<Stream> stream_;
  Versions held_, staged_;
  std::string generation_held_, generation_staged_, nonce_;
};

}  // namespace penstock::test
