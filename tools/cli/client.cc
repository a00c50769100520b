#include "tools/cli/client.h"

#include <grpc/support/log.h>
#include <grpcpp/grpcpp.h>

#include <chrono>

#include "api/management/v1/management.grpc.pb.h"
#include "dataplane/base/key_pair.h"
#include "dataplane/base/status.h"
#include "dataplane/base/strings.h"
#include "tools/cli/pki.h"
#include "tools/cli/text.h"

namespace penstock::cli {
namespace {

constexpr size_t kChunkBytes = 1 << 20;
constexpr int kMaxMessageBytes = 64 << 20;
constexpr int kConnectMilliseconds = 5000;

// The last reason in gRPC's chain: "...: ipv4:127.0.0.1:1: Failed to connect to remote host: Connection refused".
std::string LastReason(const std::string& message) {
  for (std::string_view known :
       {"Connection refused", "Connection timed out", "No route to host", "Network is unreachable"}) {
    if (StrContains(message, known)) return LowerCase(known);
  }
  if (StrContains(message, "DNS resolution failed")) return "the host name cannot be resolved";
  return message;
}

bool IsCertificateTrouble(const std::string& message) {
  return StrContains(message, "SSL") || StrContains(message, "handshake") || StrContains(message, "Peer name") ||
         StrContains(message, "certificate") ||
         // In TLS 1.3 a server that refuses our certificate closes after we believe the handshake done.
         (StrContains(message, "failed to connect") && StrContains(message, "Socket closed"));
}

bool FailedToConnect(const std::string& message) {
  return StrContains(message, "failed to connect") || StrContains(message, "Failed to connect") ||
         StrContains(message, "DNS resolution failed") || StrContains(message, "empty address list");
}

class GrpcClient : public Client {
 public:
  GrpcClient(Target target, std::shared_ptr<grpc::Channel> channel)
      : target_(std::move(target)), stub_(api::Management::NewStub(std::move(channel))) {}

  absl::Status Apply(const api::ApplyOptions& options, std::span<const ManifestFile> files, absl::Duration limit,
                     OnEvent on_event) override {
    grpc::ClientContext context;
    Limit(context, limit);
    auto stream = stub_->Apply(&context);
    bool open = SendFiles(*stream, options, files);
    if (open) stream->WritesDone();
    return Drain(*stream, on_event);
  }

  absl::Status Delete(const api::DeleteRequest& request, absl::Duration limit, OnEvent on_event) override {
    grpc::ClientContext context;
    Limit(context, limit);
    auto stream = stub_->Delete(&context, request);
    return Drain(*stream, on_event);
  }

  absl::Status Rollback(const api::RollbackRequest& request, absl::Duration limit, OnEvent on_event) override {
    grpc::ClientContext context;
    Limit(context, limit);
    auto stream = stub_->Rollback(&context, request);
    return Drain(*stream, on_event);
  }

  bool ConnectionWasLost() const override { return connection_lost_; }
  bool NobodyAnswered() const override { return nobody_answered_; }

  absl::StatusOr<api::DiffResponse> Diff(const api::ApplyOptions& options,
                                         std::span<const ManifestFile> files) override {
    grpc::ClientContext context;
    Limit(context, absl::Seconds(60));
    api::DiffResponse response;
    auto stream = stub_->Diff(&context, &response);
    bool open = SendFiles(*stream, options, files);
    if (open) stream->WritesDone();
    return Result(stream->Finish(), std::move(response));
  }

  absl::StatusOr<api::DiffResponse> DiffGenerations(const api::DiffGenerationsRequest& request) override {
    return Unary<api::DiffResponse>(&api::Management::Stub::DiffGenerations, request);
  }

  absl::StatusOr<std::vector<api::StoredObject>> Get(const api::GetRequest& request, absl::Duration limit) override {
    grpc::ClientContext context;
    Limit(context, limit);
    auto stream = stub_->Get(&context, request);
    std::vector<api::StoredObject> objects;
    api::GetResponse response;
    while (stream->Read(&response)) objects.push_back(std::move(*response.mutable_object()));
    return Result(stream->Finish(), std::move(objects));
  }

  absl::StatusOr<api::HistoryResponse> History(const api::HistoryRequest& request) override {
    return Unary<api::HistoryResponse>(&api::Management::Stub::History, request);
  }
  absl::StatusOr<api::FleetStatus> Status(const api::StatusRequest& request) override {
    return Unary<api::FleetStatus>(&api::Management::Stub::Status, request);
  }
  absl::StatusOr<api::EffectiveResponse> Effective(const api::ObjectRef& route) override {
    return Unary<api::EffectiveResponse>(&api::Management::Stub::Effective, route);
  }
  absl::StatusOr<api::ExplainResponse> Explain(const api::ExplainRequest& request) override {
    return Unary<api::ExplainResponse>(&api::Management::Stub::Explain, request);
  }
  absl::StatusOr<api::VersionResponse> Version() override {
    return Unary<api::VersionResponse>(&api::Management::Stub::Version, api::VersionRequest());
  }

  absl::Status Wait(const api::WaitRequest& request, absl::Duration limit, OnStatus on_status) override {
    grpc::ClientContext context;
    Limit(context, limit);
    auto stream = stub_->Wait(&context, request);
    return Listen(context, *stream, on_status);
  }

  absl::Status Watch(const api::StatusRequest& request, OnStatus on_status) override {
    grpc::ClientContext context;
    auto stream = stub_->Watch(&context, request);
    return Listen(context, *stream, on_status);
  }

 private:
  static void Limit(grpc::ClientContext& context, absl::Duration limit) {
    context.set_deadline(std::chrono::system_clock::now() + absl::ToChronoMilliseconds(limit));
  }

  template <typename Response, typename Request>
  absl::StatusOr<Response> Unary(grpc::Status (api::Management::Stub::*method)(grpc::ClientContext*, const Request&,
                                                                               Response*),
                                 const Request& request) {
    grpc::ClientContext context;
    Limit(context, kCallLimit);
    Response response;
    grpc::Status status = (stub_.get()->*method)(&context, request, &response);
    return Result(status, std::move(response));
  }

  // False: the server has ended the call already; its status says why.
  template <typename Stream>
  static bool SendFiles(Stream& stream, const api::ApplyOptions& options, std::span<const ManifestFile> files) {
    api::ApplyRequest request;
    *request.mutable_options() = options;
    if (!stream.Write(request)) return false;
    for (const ManifestFile& file : files) {
      size_t begin = 0;
      do {  // an empty file is sent too: its name is part of the answer
        request.mutable_file()->set_name(file.name);
        request.mutable_file()->set_attached(file.attached);
        request.mutable_file()->set_data(file.text.substr(begin, kChunkBytes));
        if (!stream.Write(request)) return false;
        begin += kChunkBytes;
      } while (begin < file.text.size());
    }
    return true;
  }

  template <typename Stream>
  absl::Status Drain(Stream& stream, OnEvent on_event) {
    api::ApplyEvent event;
    bool any = false;
    while (stream.Read(&event)) {
      any = true;
      on_event(event);
    }
    grpc::Status status = stream.Finish();
    bool unavailable = status.error_code() == grpc::StatusCode::UNAVAILABLE;
    connection_lost_ = unavailable && (any || !FailedToConnect(status.error_message()));
    return ToStatus(status);
  }

  template <typename Stream>
  absl::Status Listen(grpc::ClientContext& context, Stream& stream, OnStatus on_status) {
    api::FleetStatus fleet;
    while (stream.Read(&fleet)) {
      if (on_status(fleet)) continue;
      context.TryCancel();
      while (stream.Read(&fleet)) {
      }
      stream.Finish();
      return absl::OkStatus();
    }
    return ToStatus(stream.Finish());
  }

  template <typename Value>
  absl::StatusOr<Value> Result(const grpc::Status& status, Value value) {
    if (!status.ok()) return ToStatus(status);
    return value;
  }

  absl::Status ToStatus(const grpc::Status& status) {
    const std::string& message = status.error_message();
    nobody_answered_ = status.error_code() == grpc::StatusCode::UNAVAILABLE && !IsCertificateTrouble(message);
    if (status.ok()) return absl::OkStatus();
    switch (status.error_code()) {
      case grpc::StatusCode::UNAVAILABLE:
        return Unreachable(message);
      case grpc::StatusCode::UNAUTHENTICATED:
      case grpc::StatusCode::PERMISSION_DENIED:
        return absl::UnavailableError(StrCat("the control plane at ", target_.server, " refuses the certificate ",
                                             target_.cert, ": ", message,
                                             "\n  an operator's certificate is made with:  penstock cert issue DIR "
                                             "--operator NAME"));
      case grpc::StatusCode::UNIMPLEMENTED:
        return absl::InvalidArgumentError(StrCat("the control plane at ", target_.server,
                                                 " does not know this call; its build is older than the CLI's"));
      case grpc::StatusCode::DEADLINE_EXCEEDED:  // gRPC's own words, unless the control plane says who is late
        return absl::DeadlineExceededError(
            message == "Deadline Exceeded" ? StrCat("the control plane at ", target_.server, " did not answer in time")
                                           : message);
      default:
        return absl::Status(static_cast<absl::StatusCode>(status.error_code()), message);
    }
  }

  absl::Status Unreachable(const std::string& message) const {
    std::string where = StrCat(target_.server, " (", target_.origin, ")");
    if (IsCertificateTrouble(message)) {
      return absl::UnavailableError(StrCat("no secure connection to the control plane at ", where, ": ",
                                           "the certificates do not fit each other", "\n  --ca ", target_.ca,
                                           " must have signed its certificate, which must name the host of ",
                                           target_.server, ",\n  and its CA must have signed --cert ", target_.cert));
    }
    return absl::UnavailableError(StrCat("no control plane answers at ", where, ": ", LastReason(message),
                                         "\n  is it running?  penstock up starts a fleet on this machine; "
                                         "--server HOST:PORT names another one"));
  }

  const Target target_;
  const std::unique_ptr<api::Management::Stub> stub_;
  bool connection_lost_ = false;
  bool nobody_answered_ = false;
};

absl::StatusOr<std::string> ReadPem(const char* what, const std::string& path) {
  absl::StatusOr<std::string> pem = ReadFile(path);
  if (!pem.ok()) return absl::InvalidArgumentError(StrCat("--", what, ": ", pem.status().message()));
  if (StrContains(*pem, "-----BEGIN ")) return pem;
  return absl::InvalidArgumentError(StrCat("--", what, ": ", path, " is not a PEM file"));
}

// What gRPC would tell as "empty address list" or "handshake failed".
absl::Status CheckOwnCertificate(const Target& target, const KeyPair& files) {
  absl::Status checked = CheckKeyPair(files.certificate, files.key, absl::Now());
  if (checked.ok()) return checked;
  return absl::Status(checked.code(), StrCat("--cert ", target.cert, ", --key ", target.key, " (", target.origin,
                                             "): ", ToStd(checked.message()),
                                             "\n  make another:  penstock cert issue DIR --operator NAME"));
}

// gRPC's own lines would stand between ours; all that matters comes back as a status.
void Silence(gpr_log_func_args*) {}

}  // namespace

absl::StatusOr<std::unique_ptr<Client>> Client::Open(const Target& target) {
  gpr_set_log_function(Silence);
  grpc::SslCredentialsOptions tls;
  ASSIGN_OR_RETURN(tls.pem_root_certs, ReadPem("ca", target.ca));
  ASSIGN_OR_RETURN(tls.pem_cert_chain, ReadPem("cert", target.cert));
  ASSIGN_OR_RETURN(tls.pem_private_key, ReadPem("key", target.key));
  absl::Status hidden = CheckPrivate(target.key);
  if (!hidden.ok()) return absl::InvalidArgumentError(StrCat("--key (", target.origin, "): ", ToStd(hidden.message())));
  RETURN_IF_ERROR(CheckOwnCertificate(target, {tls.pem_cert_chain, tls.pem_private_key}));
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(kMaxMessageBytes);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, kConnectMilliseconds);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 1000);
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  auto channel = grpc::CreateCustomChannel(target.server, grpc::SslCredentials(tls), arguments);
  return std::make_unique<GrpcClient>(target, std::move(channel));
}

}  // namespace penstock::cli
