#include "dataplane/xds/stream.h"

#include <grpcpp/alarm.h>
#include <grpcpp/channel.h>
#include <grpcpp/completion_queue.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/generic/generic_stub.h>

#include <deque>

#include "absl/base/thread_annotations.h"
#include "dataplane/base/mutex.h"
#include "dataplane/xds/subscriber.h"

namespace penstock::xds {
namespace {

grpc::ChannelArguments Arguments() {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(static_cast<int>(kMaxMessageBytes));
  arguments.SetMaxSendMessageSize(static_cast<int>(kMaxMessageBytes));
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, 30'000);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 10'000);
  arguments.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  // Every attempt is its own: neither connections nor back-off are shared with the one before.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
  return arguments;
}

std::string Contiguous(const grpc::ByteBuffer& buffer) {
  std::vector<grpc::Slice> slices;
  if (!buffer.Dump(&slices).ok()) return {};
  std::string bytes;
  bytes.reserve(buffer.Length());
  for (const grpc::Slice& slice : slices) bytes.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  return bytes;
}

class GrpcStream final : public Stream {
 public:
  GrpcStream(const std::string& address, std::shared_ptr<grpc::ChannelCredentials> credentials)
      : stub_(grpc::CreateCustomChannel(address, credentials, Arguments())) {
    call_ = stub_.PrepareCall(&context_, kDeltaMethod, &queue_);
    call_->StartCall(&start_);
    ++outstanding_;
  }

  ~GrpcStream() override {
    context_.TryCancel();
    alarm_.Cancel();
    queue_.Shutdown();
    void* tag = nullptr;
    bool ok = false;
    while (queue_.Next(&tag, &ok)) {
    }
  }

  Event Next(Duration longest) override {
    auto deadline = std::chrono::system_clock::now() + std::min<Duration>(longest, std::chrono::hours(1));
    while (true) {
      void* tag = nullptr;
      bool ok = false;
      grpc::CompletionQueue::NextStatus got = queue_.AsyncNext(&tag, &ok, deadline);
      if (got != grpc::CompletionQueue::GOT_EVENT) return TimedOut{};
      if (tag == &alarm_) {
        MutexLock lock(&mutex_);
        alarm_set_ = false;
        return Woken{};
      }
      --outstanding_;
      if (tag == &finish_) return Ended{FromGrpc()};
      if (!ok) {
        broken_ = true;
      } else if (tag == &start_) {
        Read();
        started_ = true;
      }
      if (tag == &write_) writing_ = false;
      std::optional<Event> message;
      if (tag == &read_ && ok) {
        message = Message{Contiguous(incoming_)};
        Read();
      }
      if (broken_ && outstanding_ == 0) Finish();
      if (!broken_) WriteNext();
      if (message.has_value()) return *std::move(message);
    }
  }

  void Send(std::string bytes) override {
    outgoing_.push_back(std::move(bytes));
    if (started_ && !broken_) WriteNext();
  }

  void Cancel() override { context_.TryCancel(); }

  void Wake() override {
    MutexLock lock(&mutex_);
    if (alarm_set_) return;
    alarm_set_ = true;
    alarm_.Set(&queue_, std::chrono::system_clock::now(), &alarm_);
  }

 private:
  void Read() {
    incoming_.Clear();
    call_->Read(&incoming_, &read_);
    ++outstanding_;
  }

  void WriteNext() {
    if (writing_ || !started_ || outgoing_.empty()) return;
    writing_ = true;
    grpc::Slice slice(outgoing_.front());
    outgoing_.pop_front();
    call_->Write(grpc::ByteBuffer(&slice, 1), &write_);
    ++outstanding_;
  }

  void Finish() {
    call_->Finish(&status_, &finish_);
    ++outstanding_;
  }

  Status FromGrpc() const {
    if (status_.ok()) return absl::UnavailableError("the control plane ended the stream");
    return Status(static_cast<absl::StatusCode>(status_.error_code()), status_.error_message());
  }

  grpc::CompletionQueue queue_;
  grpc::GenericStub stub_;
  grpc::ClientContext context_;
  std::unique_ptr<grpc::GenericClientAsyncReaderWriter> call_;
  grpc::ByteBuffer incoming_;
  std::deque<std::string> outgoing_;
  grpc::Status status_;
  grpc::Alarm alarm_;
  Mutex mutex_;
  bool alarm_set_ ABSL_GUARDED_BY(mutex_) = false;
  int outstanding_ = 0;  // operations whose tag has not come back
  bool started_ = false;
  bool writing_ = false;
  bool broken_ = false;
  // Tags: only their addresses count.
  char start_ = 0, read_ = 0, write_ = 0, finish_ = 0;
};

}  // namespace

std::unique_ptr<Stream> Stream::Open(const std::string& address,
                                     std::shared_ptr<grpc::ChannelCredentials> credentials) {
  return std::make_unique<GrpcStream>(address, std::move(credentials));
}

}  // namespace penstock::xds
