#include "controlplane/management/service.h"

#include <utility>
#include <vector>

#include "api/management/v1/management.grpc.pb.h"
#include "controlplane/management/call.h"
#include "controlplane/management/changer.h"
#include "controlplane/management/convergence.h"
#include "controlplane/management/effective.h"
#include "controlplane/management/listeners.h"
#include "controlplane/management/live_explain.h"
#include "controlplane/management/read.h"
#include "controlplane/management/upload.h"
#include "controlplane/manifests/parse.h"
#include "controlplane/translator/explain.h"
#include "dataplane/base/status.h"

namespace penstock::management {
namespace {

using management::v1::ApplyEvent;
using management::v1::ApplyRequest;
using management::v1::DiffResponse;
using management::v1::FleetStatus;
using management::v1::Outcome;
using rollout::ChangeResult;

// Whoever watches a busy fleet is told ten times a second at most.
constexpr absl::Duration kMinBetweenStatuses = absl::Milliseconds(100);

class Service final : public ManagementService, public management::v1::Management::Service {
 public:
  Service(rollout::Rollout& rollout, rollout::Asker& asker, AuditLog& audit, telemetry::Log& log,
          ServiceOptions options)
      : rollout_(rollout),
        asker_(asker),
        options_(std::move(options)),
        room_(options_.max_calls),
        changer_(rollout, audit, log) {}

  grpc::Service& service() override { return *this; }
  void Stop() override { room_.stopping.store(true); }

  grpc::Status Apply(grpc::ServerContext* context,
                     grpc::ServerReaderWriter<ApplyEvent, ApplyRequest>* stream) override {
    Call call(rollout_, room_, *context);
    if (!call.admitted()) return call.refusal();
    Upload upload;
    grpc::Status received = Receive(*stream, upload);
    if (!received.ok()) return received;
    ChangeRequest change{
        .verb = "apply", .options = upload.options().change(), .digest = upload.Digest(), .start = absl::Now()};
    rollout::ApplyObjects wish = ParseUpload(upload);
    if (DeletesAll(wish)) return RefuseToDeleteAll();
    return changer_.Run(call, change, std::move(wish), [&](const ApplyEvent& event) { return stream->Write(event); });
  }

  grpc::Status Delete(grpc::ServerContext* context, const management::v1::DeleteRequest* request,
                      grpc::ServerWriter<ApplyEvent>* writer) override {
    Call call(rollout_, room_, *context);
    if (!call.admitted()) return call.refusal();
    rollout::DeleteObjects wish;
    wish.label_selector = request->label_selector();
    for (const auto& ref : request->objects()) {
      absl::StatusOr<manifests::ObjectKey> key = KeyOf(ref);
      if (!key.ok()) return rollout::ToGrpc(key.status());
      wish.keys.push_back(*std::move(key));
    }
    if (wish.keys.empty() && wish.label_selector.empty()) {
      return rollout::ToGrpc(absl::InvalidArgumentError("name the objects to delete, or give a label selector"));
    }
    ChangeRequest change{
        .verb = "delete", .options = request->change(), .digest = DigestOf(*request), .start = absl::Now()};
    return changer_.Run(call, change, std::move(wish), [&](const ApplyEvent& event) { return writer->Write(event); });
  }

  grpc::Status Rollback(grpc::ServerContext* context, const management::v1::RollbackRequest* request,
                        grpc::ServerWriter<ApplyEvent>* writer) override {
    Call call(rollout_, room_, *context);
    if (!call.admitted()) return call.refusal();
    ChangeRequest change{
        .verb = "rollback", .options = request->change(), .digest = DigestOf(*request), .start = absl::Now()};
    return changer_.Run(call, change, rollout::RollBack{.to = request->to()},
                        [&](const ApplyEvent& event) { return writer->Write(event); });
  }

  grpc::Status Diff(grpc::ServerContext* context, grpc::ServerReader<ApplyRequest>* reader,
                    DiffResponse* response) override {
    Call call(rollout_, room_, *context);
    if (!call.admitted()) return call.refusal();
    Upload upload;
    grpc::Status received = Receive(*reader, upload);
    if (!received.ok()) return received;
    rollout::ChangeOptions options;
    options.author = call.who().uri;
    options.dry_run = true;
    options.allow_unresolved = upload.options().change().allow_unresolved();
    rollout::ApplyObjects wish = ParseUpload(upload);
    if (DeletesAll(wish)) return RefuseToDeleteAll();
    absl::StatusOr<ChangeResult> result = rollout_.Change(options, std::move(wish));
    if (!result.ok()) return rollout::ToGrpc(result.status());
    if (result->code != Outcome::OK && result->findings.empty())
      return rollout::ToGrpc(absl::InvalidArgumentError(result->message));
    Fill(*result, response);
    return grpc::Status::OK;
  }

  grpc::Status DiffGenerations(grpc::ServerContext* context, const management::v1::DiffGenerationsRequest* request,
                               DiffResponse* response) override {
    Call call(rollout_, room_, *context);
    if (!call.admitted()) return call.refusal();
    absl::StatusOr<rollout::Difference> difference = rollout_.Compare(request->from(), request->to());
    if (!difference.ok()) return rollout::ToGrpc(difference.status());
    *response->mutable_plan() = difference->plan;
    for (const auto& route : difference->routes) *response->add_routes() = route;
    return grpc::Status::OK;
  }

  grpc::Status Get(grpc::ServerContext* context, const management::v1::GetRequest* request,
                   grpc::ServerWriter<management::v1::GetResponse>* writer) override {
    Call call(rollout_, room_, *context);
    if (!call.admitted()) return call.refusal();
    return rollout::ToGrpc(
        ReadObjects(rollout_, *request, [&](const auto& response) { return writer->Write(response); }));
  }

  grpc::Status History(grpc::ServerContext* context, const management::v1::HistoryRequest* request,
                       management::v1::HistoryResponse* response) override {
    Call call(rollout_, room_, *context);
    if (!call.admitted()) return call.refusal();
    absl::StatusOr<management::v1::HistoryResponse> history = ReadHistory(rollout_, *request);
    if (!history.ok()) return rollout::ToGrpc(history.status());
    *response = *std::move(history);
    return grpc::Status::OK;
  }

  grpc::Status Status(grpc::ServerContext* context, const management::v1::StatusRequest* request,
                      FleetStatus* response) override {
    Call call(rollout_, room_, *context);
    if (!call.admitted()) return call.refusal();
    *response = CurrentStatus(request->replica());
    if (!request->replica().empty() && response->replicas().empty()) return NoSuchReplica(request->replica());
    if (!request->listeners()) return grpc::Status::OK;
    absl::Status ran = rollout_.WithSnapshots([&](const auto& snapshots) { AddListeners(snapshots, *response); });
    if (!ran.ok()) return rollout::ToGrpc(ran);
    return grpc::Status::OK;
  }

  grpc::Status Wait(grpc::ServerContext* context, const management::v1::WaitRequest* request,
                    grpc::ServerWriter<FleetStatus>* writer) override {
    Call call(rollout_, room_, *context);
    if (!call.admitted()) return call.refusal();
    const Goal goal = MakeGoal(request->wait(), request->replicas_percent(), request->replicas_at_least());
    const uint64_t wanted = request->generation() == 0 ? rollout_.Newest().number : request->generation();
    while (true) {
      const uint64_t seen = rollout_.Version();
      const store::GenerationId newest = rollout_.Newest();
      const store::GenerationId id{.epoch = newest.epoch, .number = wanted};
      if (!writer->Write(CurrentStatus(""))) return grpc::Status::CANCELLED;
      if (newest.number >= wanted) {
        const Progress progress = Judge(goal, rollout_.SpreadOf(id), rollout_.IsRejected(id));
        if (progress == Progress::kReached) return grpc::Status::OK;
        if (progress == Progress::kRejected) return rollout::ToGrpc(absl::AbortedError(changer_.RejectionText(id)));
      }
      grpc::Status waited = call.AwaitNews(seen, absl::InfiniteFuture());
      if (!waited.ok()) return waited;
    }
  }

  grpc::Status Watch(grpc::ServerContext* context, const management::v1::StatusRequest* request,
                     grpc::ServerWriter<FleetStatus>* writer) override {
    Call call(rollout_, room_, *context);
    if (!call.admitted()) return call.refusal();
    while (true) {
      const uint64_t seen = rollout_.Version();
      if (!writer->Write(CurrentStatus(request->replica()))) return grpc::Status::CANCELLED;
      absl::SleepFor(kMinBetweenStatuses);
      grpc::Status waited = call.AwaitNews(seen, absl::InfiniteFuture());
      if (!waited.ok()) return waited;
    }
  }

  grpc::Status Explain(grpc::ServerContext* context, const management::v1::ExplainRequest* request,
                       management::v1::ExplainResponse* response) override {
    Call call(rollout_, room_, *context);
    if (!call.admitted()) return call.refusal();
    absl::StatusOr<snapshot::Explanation> explanation = ExplainFor(*request, *context);
    if (!explanation.ok()) return rollout::ToGrpc(explanation.status());
    *response = translator::ResponseOf(*explanation);
    return grpc::Status::OK;
  }

  grpc::Status Effective(grpc::ServerContext* context, const management::v1::ObjectRef* request,
                         management::v1::EffectiveResponse* response) override {
    Call call(rollout_, room_, *context);
    if (!call.admitted()) return call.refusal();
    absl::StatusOr<management::v1::EffectiveResponse> found = absl::UnavailableError("");
    absl::Status ran =
        rollout_.WithSnapshots([&](const auto& snapshots) { found = management::Effective(snapshots, *request); });
    if (!ran.ok()) return rollout::ToGrpc(ran);
    if (!found.ok()) return rollout::ToGrpc(found.status());
    *response = *std::move(found);
    return grpc::Status::OK;
  }

  grpc::Status Version(grpc::ServerContext* context, const management::v1::VersionRequest*,
                       management::v1::VersionResponse* response) override {
    Call call(rollout_, room_, *context);
    if (!call.admitted()) return call.refusal();
    response->set_build(options_.build);
    return grpc::Status::OK;
  }

 private:
  template <typename Reader>
  static grpc::Status Receive(Reader& reader, Upload& upload) {
    ApplyRequest request;
    while (reader.Read(&request)) {
      absl::Status taken = upload.Take(request);
      if (!taken.ok()) return rollout::ToGrpc(taken);
    }
    if (!upload.complete()) return rollout::ToGrpc(absl::InvalidArgumentError("no request came"));
    return grpc::Status::OK;
  }

  static rollout::ApplyObjects ParseUpload(const Upload& upload) {
    manifests::ParseOptions options;
    if (!upload.options().default_namespace().empty()) options.default_namespace = upload.options().default_namespace();
    manifests::ParseResult parsed = manifests::Parse(upload.files(), options);
    return {.objects = std::move(parsed.objects),
            .findings = std::move(parsed.findings),
            .prune_all = upload.options().prune_all(),
            .prune_selector = upload.options().prune_selector()};
  }

  // An empty file is a mistake of whoever made it, hardly ever the wish to serve nothing.
  static bool DeletesAll(const rollout::ApplyObjects& wish) {
    return wish.prune_all && wish.objects.empty() && !manifests::HasErrors(wish.findings);
  }

  static grpc::Status RefuseToDeleteAll() {
    return rollout::ToGrpc(absl::InvalidArgumentError(
        "there is no object in the files, so --prune-all would delete everything: nothing was changed\n"
        "  to delete everything on purpose, name it:  penstock get; penstock delete KIND NAME..."));
  }

  absl::StatusOr<snapshot::Explanation> ExplainFor(const management::v1::ExplainRequest& request,
                                                   const grpc::ServerContext& context) {
    ASSIGN_OR_RETURN(const snapshot::ExplainRequest question, translator::QuestionOf(request));
    const bool live = !request.replica().empty();
    absl::StatusOr<snapshot::Explanation> explanation = absl::UnavailableError("");
    if (live) {
      explanation = ExplainLive(asker_, request.replica(), question, context);
      RETURN_IF_ERROR(explanation.status());
    }
    absl::Status found = absl::OkStatus();
    RETURN_IF_ERROR(rollout_.WithSnapshots([&](const auto& snapshots) {
      // Here, so that no change comes in between.
      const absl::StatusOr<translator::StatePtr> state = rollout_.State(0);
      found = state.status();
      if (!found.ok()) return;
      std::vector<const snapshot::Snapshot*> groups;
      for (const auto& [group, snapshot] : snapshots) groups.push_back(snapshot.get());
      if (!live) explanation = translator::ExplainByAny(groups, question);
      translator::AddReasons(*state, *explanation);
    }));
    RETURN_IF_ERROR(found);
    return explanation;
  }

  FleetStatus CurrentStatus(const std::string& replica) {
    FleetStatus status = rollout_.Status(replica);
    status.set_control_plane_build(options_.build);
    status.mutable_started()->set_seconds(absl::ToUnixSeconds(options_.started));
    return status;
  }

  static grpc::Status NoSuchReplica(const std::string& replica) {
    return grpc::Status(grpc::StatusCode::NOT_FOUND,
                        "no replica \"" + replica.substr(0, 253) + "\" is known: see `penstock status`");
  }

  static void Fill(const ChangeResult& result, DiffResponse* response) {
    for (const auto& finding : result.findings) *response->add_findings() = finding;
    *response->mutable_plan() = result.plan;
    for (const auto& route : result.routes) *response->add_routes() = route;
  }

  rollout::Rollout& rollout_;
  rollout::Asker& asker_;
  const ServiceOptions options_;
  CallRoom room_;
  Changer changer_;
};

}  // namespace

std::unique_ptr<ManagementService> MakeManagementService(rollout::Rollout& rollout, rollout::Asker& asker,
                                                         AuditLog& audit, telemetry::Log& log, ServiceOptions options) {
  return std::make_unique<Service>(rollout, asker, audit, log, std::move(options));
}

}  // namespace penstock::management
