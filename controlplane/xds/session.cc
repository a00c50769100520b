#include "controlplane/xds/session.h"

#include <algorithm>
#include <utility>

#include "absl/strings/numbers.h"
#include "dataplane/base/check.h"
#include "dataplane/base/status.h"
#include "dataplane/base/strings.h"
#include "dataplane/snapshot/hash.h"
#include "proto/penstock/xds/v1/generation.pb.h"

namespace penstock::xds_server {
namespace {

using discovery::v3::DeltaDiscoveryRequest;
using discovery::v3::Node;

std::string MetadataText(const Node& node, const char* name) {
  auto found = node.metadata().fields().find(name);
  return found == node.metadata().fields().end() ? "" : found->second.string_value();
}

GenerationId ParseGeneration(const std::string& text) {
  GenerationId id;
  const size_t dot = text.find('.');
  if (dot == std::string::npos) return {};
  if (!absl::SimpleAtoi(text.substr(0, dot), &id.epoch) || !absl::SimpleAtoi(text.substr(dot + 1), &id.number))
    return {};
  return id;
}

Subscribed DescribeNode(const Node& node) {
  Subscribed who;
  who.replica = {.id = node.id(),
                 .group = MetadataText(node, "group"),
                 .zone = node.locality().zone(),
                 .build = MetadataText(node, "build"),
                 .held = ParseGeneration(MetadataText(node, "generation")),
                 .weakened = {}};
  if (who.replica.group.empty()) who.replica.group = node.cluster();
  const auto& fields = node.metadata().fields();
  if (auto weakened = fields.find("weakened"); weakened != fields.end()) {
    for (const auto& value : weakened->second.list_value().values())
      who.replica.weakened.push_back(value.string_value());
  }
  const std::string gateway_class = MetadataText(node, "gateway_class");
  if (!gateway_class.empty()) who.group.gateway_class = gateway_class;
  if (auto labels = fields.find("labels"); labels != fields.end()) {
    for (const auto& [name, value] : labels->second.struct_value().fields()) {
      who.group.labels[name] = value.string_value();
    }
  }
  return who;
}

bool IsOurType(std::string_view type_url) {
  return type_url == snapshot::kGenerationType || type_url == kTicketKeysType ||
         std::find(std::begin(kTypeOrder), std::end(kTypeOrder), type_url) != std::end(kTypeOrder);
}

std::string Clip(std::string text) {
  if (text.size() > Session::kMaxProblemBytes) text.resize(Session::kMaxProblemBytes);
  return text;
}

std::string ProblemText(const xds::v1::ResourceProblem& problem) {
  std::string_view type = problem.type_url();
  type = type.substr(type.rfind('.') + 1);
  std::string text(type);
  if (!problem.name().empty()) text += " " + problem.name();  // a port that is taken belongs to no single Listener
  if (!problem.field_path().empty()) text += ": " + problem.field_path();
  text += ": " + problem.reason();
  if (!problem.hint().empty()) text += " (" + problem.hint() + ")";
  if (!problem.code().empty()) text += " [" + problem.code() + "]";
  return text;
}

// The details say it per resource; a client without them says it in the message.
std::vector<std::string> ProblemsOf(const discovery::v3::RpcStatus& error) {
  std::vector<std::string> problems;
  size_t untold = 0;
  for (const google::protobuf::Any& detail : error.details()) {
    xds::v1::ResourceProblem problem;
    if (!detail.UnpackTo(&problem)) continue;
    if (problems.size() < Session::kMaxProblems)
      problems.push_back(Clip(ProblemText(problem)));
    else
      ++untold;
  }
  if (problems.empty())
    problems.push_back(Clip(error.message().empty() ? "refused without a reason" : error.message()));
  if (untold > 0) problems.push_back(StrCat("and ", untold, " more"));
  return problems;
}

}  // namespace

absl::Status Session::OnRequest(const DeltaDiscoveryRequest& request, std::vector<SessionEvent>& events) {
  if (!who_.has_value()) RETURN_IF_ERROR(TakeNode(request.node()));
  if (request.type_url() == kQuestionType) return TakeAnswer(request, events);
  if (!IsOurType(request.type_url())) {
    return absl::InvalidArgumentError(
        StrCat("type \"", Clip(request.type_url()),
               "\" is not served here: this is Penstock's own xDS, for penstock-dataplane"));
  }
  if (request.has_error_detail()) {
    TakeNack(request, events);
    return absl::OkStatus();
  }
  if (!request.response_nonce().empty()) {
    TakeAck(request.response_nonce(), events);
    return absl::OkStatus();
  }
  return TakeSubscription(request, events);
}

void Session::Begin(const Transaction& transaction) {
  PENSTOCK_CHECK(Ready() && !transaction.responses.empty(), "one transaction at a time, with a Generation");
  Outstanding& outstanding = outstanding_.emplace();
  outstanding.id = transaction.id;
  for (const Response& response : transaction.responses) outstanding.unacked.push_back(response.nonce);
  outstanding.generation_nonce = std::move(outstanding.unacked.back());
  outstanding.unacked.pop_back();
}

absl::Status Session::TakeNode(const Node& node) {
  if (node.ByteSizeLong() > kMaxNodeBytes) return absl::InvalidArgumentError("Node is larger than 64 KiB");
  if (node.id().empty())
    return absl::InvalidArgumentError("the first request has no Node.id: start the data plane with --id");
  if (!allowed_id_.empty() && node.id() != allowed_id_) {
    return absl::PermissionDeniedError(StrCat("the certificate is for data plane \"", allowed_id_, "\", not for \"",
                                              node.id(), "\": start it with --id ", allowed_id_,
                                              " or give it a certificate of its own"));
  }
  who_ = DescribeNode(node);
  answers_ = std::find(node.client_features().begin(), node.client_features().end(), kQuestionsFeature) !=
             node.client_features().end();
  return absl::OkStatus();
}

absl::Status Session::TakeSubscription(const DeltaDiscoveryRequest& request, std::vector<SessionEvent>& events) {
  if (request.type_url() == kTicketKeysType) {
    if (!std::exchange(wants_ticket_keys_, true)) events.push_back(WantsTicketKeys());
    return absl::OkStatus();
  }
  if (subscribed_) return absl::OkStatus();  // all is subscribed already, and everything is sent as it changes
  auto& held = std::get<HeldVersions>(base_);
  if (held.size() + static_cast<size_t>(request.initial_resource_versions().size()) > kMaxHeldResources) {
    return absl::InvalidArgumentError(StrCat("more than ", kMaxHeldResources, " initial_resource_versions"));
  }
  if (request.type_url() != snapshot::kGenerationType) {
    for (const auto& [name, version] : request.initial_resource_versions()) held[{request.type_url(), name}] = version;
    return absl::OkStatus();
  }
  subscribed_ = true;
  events.push_back(*who_);
  return absl::OkStatus();
}

absl::Status Session::TakeAnswer(const DeltaDiscoveryRequest& request, std::vector<SessionEvent>& events) {
  Answered answered{.nonce = request.response_nonce(), .answer = {}};
  const bool fits = request.answer().value().size() <= kMaxAnswerBytes;
  if (!fits || !request.answer().UnpackTo(&answered.answer)) {
    answered.answer.set_problem(fits ? "its answer cannot be read" : "its answer is longer than 2 MiB");
  }
  events.push_back(std::move(answered));
  return absl::OkStatus();
}

void Session::TakeAck(const std::string& nonce, std::vector<SessionEvent>& events) {
  if (!IsOutstanding(nonce)) return;  // of an older transaction
  if (nonce != outstanding_->generation_nonce) {
    std::erase(outstanding_->unacked, nonce);
    if (outstanding_->unacked.empty()) events.push_back(Acked{outstanding_->id});
    return;
  }
  at_ = outstanding_->id;
  base_ = outstanding_->id;
  outstanding_.reset();
  events.push_back(Served{at_});
}

void Session::TakeNack(const DeltaDiscoveryRequest& request, std::vector<SessionEvent>& events) {
  if (!IsOutstanding(request.response_nonce())) return;
  refused_ = outstanding_->id;
  outstanding_.reset();
  events.push_back(Refused{.id = refused_, .problems = ProblemsOf(request.error_detail())});
}

bool Session::IsOutstanding(const std::string& nonce) const {
  if (!outstanding_.has_value()) return false;
  const auto& unacked = outstanding_->unacked;
  return nonce == outstanding_->generation_nonce || std::find(unacked.begin(), unacked.end(), nonce) != unacked.end();
}

}  // namespace penstock::xds_server
