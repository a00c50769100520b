#include "controlplane/xds/ads_service.h"

#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/server_builder.h>
#include <grpcpp/support/proto_buffer_reader.h>

#include <deque>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "controlplane/rollout/peer.h"
#include "dataplane/base/mutex.h"
#include "dataplane/base/strings.h"
#include "proto/discovery/discovery.pb.h"

namespace penstock::xds_server {
namespace {

constexpr char kMethod[] = "/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources";
// The first request of a warm reconnect names every resource that the client holds.
constexpr int kMaxMessageBytes = 64 << 20;
constexpr int kKeepAliveTimeMs = 15'000;
constexpr int kKeepAliveTimeoutMs = 15'000;
constexpr int kMinClientPingMs = 5'000;
constexpr int kMaxConnectionAgeMs = 30 * 60'000;
constexpr int kMaxConnectionAgeGraceMs = 10'000;

// A view of shared bytes: gRPC drops its reference when the last stream has sent them.
grpc::ByteBuffer Share(const std::shared_ptr<const std::string>& bytes) {
  auto* reference = new std::shared_ptr<const std::string>(bytes);
  grpc::Slice slice(
      const_cast<char*>(bytes->data()), bytes->size(),
      [](void* p) { delete static_cast<std::shared_ptr<const std::string>*>(p); }, reference);
  return grpc::ByteBuffer(&slice, 1);
}

bool Parse(grpc::ByteBuffer& buffer, discovery::v3::DeltaDiscoveryRequest& request) {
  grpc::ProtoBufferReader reader(&buffer);
  return reader.status().ok() && request.ParseFromZeroCopyStream(&reader);
}

// One stream. The hub and gRPC share it: it lives until OnDone was called and the hub has let go. Starting an operation
// and Finish() happen under one lock, because nothing may be started after Finish(); gRPC runs no reaction inside these
// calls.
class AdsStream final : public grpc::ServerGenericBidiReactor, public Outlet {
 public:
  // Begins at once. The stream owns itself until OnDone.
  static grpc::ServerGenericBidiReactor* Start(Hub& hub, const rollout::Identity& identity,
                                               const std::string& address) {
    auto stream = std::make_shared<AdsStream>(hub);
    stream->self_ = stream;
    absl::StatusOr<rollout::SessionId> id =
        hub.Open({.identity = identity.uri, .allowed_id = identity.name, .address = address}, stream);
    if (id.ok()) {
      stream->id_ = *id;
      stream->Read();
    } else {
      stream->Close(id.status());
    }
    return stream.get();
  }

  explicit AdsStream(Hub& hub) : hub_(hub) {}

  void OnReadDone(bool ok) override {
    if (!ok) return Close(absl::OkStatus());
    discovery::v3::DeltaDiscoveryRequest request;
    if (!Parse(incoming_, request)) return Close(absl::InvalidArgumentError("not a DeltaDiscoveryRequest"));
    absl::Status taken = hub_.OnRequest(id_, request);
    if (!taken.ok()) return Close(taken);
    Read();
  }

  void OnWriteDone(bool ok) override {
    if (!ok) return;  // the stream is breaking; OnReadDone or OnCancel ends it
    MutexLock lock(&mutex_);
    queue_.pop_front();
    writing_ = false;
    WriteNext();
  }

  void OnCancel() override { Close(absl::CancelledError("")); }

  void OnDone() override {
    std::shared_ptr<AdsStream> last = std::move(self_);
    if (id_ != 0) hub_.Closed(id_);
  }

  void Send(std::shared_ptr<const Transaction> transaction) override {
    MutexLock lock(&mutex_);
    for (const Response& response : transaction->responses) queue_.push_back(Share(response.bytes));
    WriteNext();
  }

  void Close(absl::Status reason) override {
    MutexLock lock(&mutex_);
    if (ended_) return;
    ended_ = true;
    Finish(rollout::ToGrpc(reason));
  }

 private:
  void Read() {
    MutexLock lock(&mutex_);
    if (!ended_) StartRead(&incoming_);
  }

  void WriteNext() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (ended_ || writing_ || queue_.empty()) return;
    writing_ = true;
    StartWrite(&queue_.front());  // stays until OnWriteDone
  }

  Hub& hub_;
  std::shared_ptr<AdsStream> self_;
  rollout::SessionId id_ = 0;
  grpc::ByteBuffer incoming_;
  Mutex mutex_;
  std::deque<grpc::ByteBuffer> queue_ ABSL_GUARDED_BY(mutex_);
  bool writing_ ABSL_GUARDED_BY(mutex_) = false;
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;
};

class Refusal final : public grpc::ServerGenericBidiReactor {
 public:
  explicit Refusal(const grpc::Status& status) { Finish(status); }
  void OnDone() override { delete this; }
};

class AdsService final : public grpc::CallbackGenericService {
 public:
  explicit AdsService(Hub& hub) : hub_(hub) {}

  grpc::ServerGenericBidiReactor* CreateReactor(grpc::GenericCallbackServerContext* context) override {
    if (context->method() != kMethod) {
      return new Refusal(grpc::Status(grpc::StatusCode::UNIMPLEMENTED, "no such method: " + context->method()));
    }
    const rollout::Identity identity = rollout::PeerIdentity(*context);
    if (identity.role != rollout::Role::kDataPlane) {
      return new Refusal(
          grpc::Status(grpc::StatusCode::PERMISSION_DENIED,
                       "configuration goes to certificates with the URI spiffe://penstock/dataplane/ID only"));
    }
    return AdsStream::Start(hub_, identity, context->peer());
  }

 private:
  Hub& hub_;
};

}  // namespace

void SetConnectionLimits(grpc::ServerBuilder& builder) {
  builder.SetMaxReceiveMessageSize(kMaxMessageBytes);
  builder.SetMaxSendMessageSize(kMaxMessageBytes);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, kKeepAliveTimeMs);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kKeepAliveTimeoutMs);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, kMinClientPingMs);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_MS, kMaxConnectionAgeMs);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_GRACE_MS, kMaxConnectionAgeGraceMs);
}

std::unique_ptr<grpc::CallbackGenericService> MakeAdsService(Hub& hub) { return std::make_unique<AdsService>(hub); }

}  // namespace penstock::xds_server
