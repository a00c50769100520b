#include "test/integration/controlplane/delta_client.h"

#include <grpcpp/impl/codegen/proto_utils.h>
#include <grpcpp/support/sync_stream.h>

namespace penstock::test {
namespace {

constexpr char kMethod[] = "/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources";
constexpr char kPrefix[] = "type.googleapis.com/penstock.xds.v1.";
constexpr const char* kTypes[] = {"Cluster", "Endpoints", "Secret", "PolicyChain", "Listener", "Route", "Generation"};

std::string ShortType(const std::string& type_url) { return type_url.substr(sizeof(kPrefix) - 1); }

}  // namespace

DeltaClient::DeltaClient(const std::string& address, std::shared_ptr<grpc::ChannelCredentials> credentials,
                         std::string id)
    : channel_(grpc::CreateChannel(address, credentials)), id_(std::move(id)) {}

DeltaClient::~DeltaClient() {
  if (stream_ != nullptr) Close();
}

void DeltaClient::Subscribe() {
  context_ = std::make_unique<grpc::ClientContext>();
  const grpc::internal::RpcMethod method(kMethod, grpc::internal::RpcMethod::BIDI_STREAMING, channel_);
  stream_.reset(
      grpc::internal::ClientReaderWriterFactory<Request, Response>::Create(channel_.get(), method, context_.get()));
  staged_ = held_;
  for (const char* type : kTypes) {
    Request request;
    request.set_type_url(kPrefix + std::string(type));
    request.add_resource_names_subscribe("*");
    if (type == kTypes[0]) {
      request.mutable_node()->set_id(id_);
      auto& fields = *request.mutable_node()->mutable_metadata()->mutable_fields();
      fields["group"].set_string_value("edge");
      fields["generation"].set_string_value(generation_held_);
    }
    for (const auto& [name, version] : held_[request.type_url()])
      (*request.mutable_initial_resource_versions())[name] = version;
    stream_->Write(request);
  }
}

grpc::Status DeltaClient::Close() {
  context_->TryCancel();
  return Finish();
}

grpc::Status DeltaClient::Finish() {
  Response response;
  while (stream_->Read(&response)) {
  }
  grpc::Status status = stream_->Finish();
  stream_.reset();
  return status;
}

std::optional<DeltaClient::Received> DeltaClient::Receive() {
  Received received;
  staged_ = held_;
  Response response;
  while (stream_->Read(&response)) {
    received.bytes += response.ByteSizeLong();
    const std::string type = ShortType(response.type_url());
    if (type == "Generation") {
      response.resources(0).resource().UnpackTo(&received.generation);
      generation_staged_ =
          std::to_string(received.generation.epoch()) + "." + std::to_string(received.generation.number());
      nonce_ = response.nonce();
      return received;
    }
    for (const auto& resource : response.resources()) {
      staged_[response.type_url()][resource.name()] = resource.version();
      received.changed.push_back(type + " " + resource.name());
    }
    for (const std::string& name : response.removed_resources()) {
      staged_[response.type_url()].erase(name);
      received.changed.push_back("-" + type + " " + name);
    }
    Acknowledge(response);
  }
  return std::nullopt;
}

void DeltaClient::Accept() {
  held_ = staged_;
  generation_held_ = generation_staged_;
  Request request;
  request.set_type_url(kPrefix + std::string("Generation"));
  request.set_response_nonce(nonce_);
  stream_->Write(request);
}

void DeltaClient::Refuse(const std::string& reason) {
  Request request;
  request.set_type_url(kPrefix + std::string("Generation"));
  request.set_response_nonce(nonce_);
  request.mutable_error_detail()->set_code(3);
  xds::v1::ResourceProblem problem;
  problem.set_type_url(kPrefix + std::string("Route"));
  problem.set_name("default/users");
  problem.set_reason(reason);
  request.mutable_error_detail()->add_details()->PackFrom(problem);
  stream_->Write(request);
}

std::vector<std::string> DeltaClient::Held(const std::string& type) const {
  std::vector<std::string> names;
  auto found = held_.find(kPrefix + type);
  if (found == held_.end()) return names;
  for (const auto& [name, version] : found->second) names.push_back(name);
  return names;
}

void DeltaClient::Acknowledge(const Response& response) {
  Request request;
  request.set_type_url(response.type_url());
  request.set_response_nonce(response.nonce());
  stream_->Write(request);
}

}  // namespace penstock::test
