#include "dataplane/xds/subscriber.h"

#include <algorithm>

#include "google/protobuf/any.pb.h"

namespace penstock::xds {
namespace {

using discovery::v3::DeltaDiscoveryRequest;
using discovery::v3::DeltaDiscoveryResponse;
using snapshot::ResourceProblem;

constexpr int kInvalidArgument = 3;  // google.rpc.Code

std::string Ack(const std::string& type_url, const std::string& nonce) {
  DeltaDiscoveryRequest request;
  request.set_type_url(type_url);
  request.set_response_nonce(nonce);
  return request.SerializeAsString();
}

std::string Cut(const std::string& text) { return text.substr(0, Subscriber::kMaxProblemBytes); }

std::string Nack(const std::string& type_url, const std::string& nonce, const std::vector<ResourceProblem>& problems) {
  DeltaDiscoveryRequest request;
  request.set_type_url(type_url);
  request.set_response_nonce(nonce);
  auto* error = request.mutable_error_detail();
  error->set_code(kInvalidArgument);
  error->set_message(StrCat(problems.size(), problems.size() == 1 ? " problem: " : " problems, first: ",
                            problems[0].name(), ": ", Cut(problems[0].reason())));
  for (size_t i = 0; i < std::min(problems.size(), Subscriber::kMaxProblems); ++i) {
    ResourceProblem problem = problems[i];
    problem.set_reason(Cut(problem.reason()));
    error->add_details()->PackFrom(problem);
  }
  return request.SerializeAsString();
}

snapshot::Resource ToResource(const std::string& type_url, const discovery::v3::Resource& resource) {
  return {type_url, resource.name(), resource.version(), resource.resource().value()};
}

}  // namespace

std::string ToString(snapshot::GenerationId id) { return StrCat(id.epoch, ".", id.number); }

std::string AnswerTo(const std::string& nonce, const std::string& answer) {
  DeltaDiscoveryRequest request;
  request.set_type_url(std::string(kQuestionType));
  request.set_response_nonce(nonce);
  request.mutable_answer()->set_type_url(std::string(kAnswerType));
  request.mutable_answer()->set_value(answer);
  return request.SerializeAsString();
}

std::vector<std::string> Subscriber::Open(const discovery::v3::Node& node) const {
  std::vector<std::string> requests;
  for (std::string_view type : kSubscribedTypes) {
    DeltaDiscoveryRequest request;
    if (requests.empty()) {
      *request.mutable_node() = node;
      (*request.mutable_node()->mutable_metadata()->mutable_fields())["generation"].set_string_value(
          ToString(held_.id));
    }
    request.set_type_url(std::string(type));
    request.add_resource_names_subscribe("*");
    for (const HeldVersion& held : held_.versions) {
      if (held.type_url == type) (*request.mutable_initial_resource_versions())[held.name] = held.version;
    }
    requests.push_back(request.SerializeAsString());
  }
  return requests;
}

StatusOr<Subscriber::Step> Subscriber::OnResponse(std::string_view bytes) {
  DeltaDiscoveryResponse response;
  if (!response.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return absl::DataLossError("a response of the control plane cannot be parsed");
  }
  bool asks = response.type_url() == kQuestionType && response.resources_size() == 1 && !response.nonce().empty();
  if (asks) return Step{{}, Question{response.nonce(), response.resources(0).resource().value()}};
  const auto* known = std::find(std::begin(kSubscribedTypes), std::end(kSubscribedTypes), response.type_url());
  if (known == std::end(kSubscribedTypes) || response.nonce().empty()) {
    return absl::InvalidArgumentError(
        StrCat("the control plane sent a response of type \"", response.type_url(), "\" that was not asked for"));
  }
  if (response.type_url() == kTicketKeysType) return OnTicketKeys(response);
  if (response.type_url() == snapshot::kGenerationType) return OnGeneration(response);
  if (IsEndpointsLane(response)) {
    EndpointsChange change;
    for (const auto& resource : response.resources())
      change.upserts.push_back(ToResource(response.type_url(), resource));
    for (const auto& name : response.removed_resources()) change.removals.push_back({response.type_url(), name});
    pending_ = Pending{response.type_url(), response.nonce(), std::nullopt};
    return Step{{}, std::move(change)};
  }
  RETURN_IF_ERROR(Stage(response));
  return Step{{Ack(response.type_url(), response.nonce())}, NoWork()};
}

// Nothing of a newer generation has come, and the response says that it belongs to the one that runs.
bool Subscriber::IsEndpointsLane(const DeltaDiscoveryResponse& response) const {
  return response.type_url() == snapshot::kEndpointsType && held_.id != snapshot::GenerationId() && !from_empty_ &&
         staged_.upserts.empty() && staged_.removals.empty() && response.system_version_info() == ToString(held_.id);
}

Status Subscriber::Stage(const DeltaDiscoveryResponse& response) {
  staged_bytes_ += response.ByteSizeLong();
  if (staged_bytes_ > kMaxStagedBytes) {
    return absl::ResourceExhaustedError(
        StrCat("the control plane sent more than ", kMaxStagedBytes, " bytes without a Generation"));
  }
  for (const auto& resource : response.resources()) {
    staged_.upserts.push_back(ToResource(response.type_url(), resource));
  }
  for (const auto& name : response.removed_resources()) staged_.removals.push_back({response.type_url(), name});
  return absl::OkStatus();
}

// Whatever of a generation is staged waits on. A response without keys takes none away.
Subscriber::Step Subscriber::OnTicketKeys(const DeltaDiscoveryResponse& response) {
  pending_ = Pending{response.type_url(), response.nonce(), std::nullopt};
  if (response.resources().empty()) return Step{{OnDone({})}, NoWork()};
  return Step{{}, TicketKeysChange{response.resources(0).resource().value()}};
}

Subscriber::Step Subscriber::OnGeneration(const DeltaDiscoveryResponse& response) {
  pending_ = Pending{response.type_url(), response.nonce(), xds::v1::Generation()};
  xds::v1::Generation& generation = *pending_->generation;
  bool valid = response.resources_size() == 1 && response.resources(0).name() == kGenerationName &&
               generation.ParseFromString(response.resources(0).resource().value());
  if (!valid) return Refuse("E201", "the response does not hold exactly one Generation");
  snapshot::GenerationId id{generation.epoch(), generation.number()};
  // A control plane that lags behind the one before it: a rollback would be a new number.
  if (id < held_.id)
    return Refuse("E211",
                  StrCat("generation ", ToString(id), " is older than the one that is served, ", ToString(held_.id)));
  if (id == held_.id && generation.hash() == held_.hash && !from_empty_) return TakeUnchanged(generation);
  Commit commit{std::move(staged_), from_empty_};
  commit.delta.generation = generation;
  return Step{{}, std::move(commit)};
}

Subscriber::Step Subscriber::Refuse(std::string_view code, std::string reason) {
  ResourceProblem problem;
  problem.set_type_url(std::string(snapshot::kGenerationType));
  problem.set_name(std::string(kGenerationName));
  problem.set_code(std::string(code));
  problem.set_reason(std::move(reason));
  return Step{{OnDone({problem})}, NoWork()};
}

// The generation that runs already, after a reconnect; all that may have changed is endpoints.
Subscriber::Step Subscriber::TakeUnchanged(const xds::v1::Generation& generation) {
  EndpointsChange change;
  for (snapshot::Resource& resource : staged_.upserts) {
    if (resource.type_url == snapshot::kEndpointsType) change.upserts.push_back(std::move(resource));
  }
  for (snapshot::ResourceName& name : staged_.removals) {
    if (name.type_url == snapshot::kEndpointsType) change.removals.push_back(std::move(name));
  }
  if (change.upserts.empty() && change.removals.empty()) return Step{{OnDone({})}, NoWork()};
  return Step{{}, std::move(change)};
}

std::string Subscriber::OnDone(const std::vector<ResourceProblem>& problems) {
  Pending pending = *std::move(pending_);
  pending_.reset();
  if (pending.generation.has_value()) {  // the end of a transaction, whatever became of it
    staged_ = {};
    staged_bytes_ = 0;
  }
  if (!problems.empty()) {
    // E209: what is held here is not what the server thinks it is.
    for (const ResourceProblem& problem : problems) out_of_step_ |= problem.code() == "E209";
    return Nack(pending.type_url, pending.nonce, problems);
  }
  if (pending.generation.has_value()) {
    held_.id = {pending.generation->epoch(), pending.generation->number()};
    held_.hash = pending.generation->hash();
    from_empty_ = false;
  }
  return Ack(pending.type_url, pending.nonce);
}

}  // namespace penstock::xds
