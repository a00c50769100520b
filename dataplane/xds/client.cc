#include "dataplane/xds/client.h"

#include <algorithm>
#include <type_traits>

namespace penstock::xds {
namespace {

constexpr char kCertificateHint[] =
    "certificates of different CAs end like this: --tls-ca must have signed the control plane's certificate, and the "
    "control plane's CA must have signed --tls-cert (`penstock cert issue` makes one)";

Client::Connect ConnectWith(TlsFiles files) {
  return [files = std::move(files)](const std::string& address) -> StatusOr<std::unique_ptr<Stream>> {
    ASSIGN_OR_RETURN(std::shared_ptr<grpc::ChannelCredentials> credentials, MakeCredentials(files));
    return Stream::Open(address, std::move(credentials));
  };
}

// What gRPC says when certificates do not fit each other, and sometimes otherwise.
bool IsCertificateTrouble(const std::string& message) {
  for (std::string_view sign : {"Socket closed", "andshake", "certificate", "CERTIFICATE", "Peer name"}) {
    if (message.find(sign) != std::string::npos) return true;
  }
  return false;
}

}  // namespace

discovery::v3::Node ToNode(const Identity& identity) {
  discovery::v3::Node node;
  node.set_id(identity.id);
  node.set_cluster(identity.group);
  node.mutable_locality()->set_zone(identity.zone);
  node.set_user_agent_name("penstock-dataplane");
  node.set_user_agent_version(identity.build);
  auto& fields = *node.mutable_metadata()->mutable_fields();
  fields["group"].set_string_value(identity.group);
  fields["gateway_class"].set_string_value(identity.gateway_class);
  fields["build"].set_string_value(identity.build);
  auto& labels = *fields["labels"].mutable_struct_value()->mutable_fields();
  for (const auto& [name, value] : identity.labels) labels[name].set_string_value(value);
  auto& weakened = *fields["weakened"].mutable_list_value();
  for (const std::string& setting : identity.weakened) weakened.add_values()->set_string_value(setting);
  return node;
}

Client::Client(Options options, Applier& applier, telemetry::ProcessCells& cells, telemetry::Log& log,
               const Clock& clock)
    : Client(options, applier, cells, log, clock, ConnectWith(options.tls)) {}

Client::Client(Options options, Applier& applier, telemetry::ProcessCells& cells, telemetry::Log& log,
               const Clock& clock, Connect connect)
    : options_(std::move(options)),
      applier_(applier),
      cells_(cells),
      log_(log),
      clock_(clock),
      connect_(std::move(connect)),
      retries_(options_.seed, options_.addresses.size()) {}

void Client::Start() { thread_ = std::thread(&Client::Run, this); }

Client::~Client() {
  {
    MutexLock lock(&mutex_);
    stop_.store(true);
  }
  outbox_->Wake();
  woken_.SignalAll();
  if (thread_.joinable()) thread_.join();
}

void Client::Run() {
  size_t next = 0;
  while (!stop_.load()) {
    const std::string& address = options_.addresses[next];
    Status why = RunStream(address);
    if (stop_.load()) return;
    ReportLost(address, why);
    next = (next + 1) % options_.addresses.size();
    Retries::End end = absl::IsAlreadyExists(why) ? Retries::End::kDisplaced : Retries::End::kLost;
    std::optional<Duration> pause = retries_.After(heard_ ? end : Retries::End::kFailed);
    if (pause.has_value()) Pause(*pause);
  }
}

Status Client::RunStream(const std::string& address) {
  heard_ = false;
  cells_.connection_attempts.Add();
  ASSIGN_OR_RETURN(std::unique_ptr<Stream> stream, connect_(address));
  stream_number_ = outbox_->Open(stream.get());
  discovery::v3::Node node = ToNode(options_.identity);
  if (options_.responder != nullptr) node.add_client_features(std::string(kQuestionsFeature));
  Subscriber subscriber(WhatIsHeld());
  for (std::string& request : subscriber.Open(node)) stream->Send(std::move(request));
  Status why = Converse(*stream, subscriber);
  if (heard_) MarkConfirmed();
  cells_.connected.Set(0);
  outbox_->Close();
  return why;
}

Status Client::Converse(Stream& stream, Subscriber& subscriber) {
  TimePoint patience = clock_.Now() + kFirstResponseTimeout;
  bool reclaim = applier_.Reclaim();
  while (!stop_.load()) {
    Duration longest = reclaim ? kReclaimEvery : Duration(std::chrono::hours(1));
    if (!heard_) longest = std::min(longest, patience - clock_.Now());
    Stream::Event event = stream.Next(std::max(longest, Duration(0)));
    if (auto* ended = std::get_if<Stream::Ended>(&event)) return ended->status;
    if (auto* message = std::get_if<Stream::Message>(&event)) {
      RETURN_IF_ERROR(TakeMessage(message->bytes, stream, subscriber));
    } else if (!heard_ && clock_.Now() >= patience) {
      return absl::DeadlineExceededError("the control plane did not answer");
    }
    for (std::string& answer : outbox_->Take()) stream.Send(std::move(answer));
    reclaim = applier_.Reclaim();
  }
  return absl::CancelledError("this data plane ends");
}

Status Client::TakeMessage(const std::string& bytes, Stream& stream, Subscriber& subscriber) {
  cells_.bytes_received.Add(bytes.size());
  ASSIGN_OR_RETURN(Subscriber::Step step, subscriber.OnResponse(bytes));
  if (!heard_) {
    heard_ = heard_ever_ = true;
    cells_.connected.Set(1);
    log_.Info("xds", "connected to a control plane");
  }
  for (std::string& reply : step.replies) stream.Send(std::move(reply));
  if (const auto* question = std::get_if<Question>(&step.work)) return Ask(*question);
  if (!std::holds_alternative<NoWork>(step.work)) {
    std::vector<snapshot::ResourceProblem> problems = Do(step.work);
    stream.Send(subscriber.OnDone(problems));
  }
  start_over_ = subscriber.out_of_step();
  if (!start_over_) return absl::OkStatus();
  return absl::DataLossError("what is held here is not what the control plane believes; fetching everything again");
}

Status Client::Ask(const Question& question) {
  if (options_.responder == nullptr) return absl::InvalidArgumentError("the control plane asks who answers nothing");
  options_.responder->Ask(question.bytes, [outbox = outbox_, number = stream_number_, nonce = question.nonce](
                                              std::string answer) { outbox->Put(number, AnswerTo(nonce, answer)); });
  return absl::OkStatus();
}

std::vector<snapshot::ResourceProblem> Client::Do(const Work& work) {
  if (const auto* change = std::get_if<EndpointsChange>(&work)) {
    return applier_.ApplyEndpoints(change->upserts, change->removals);
  }
  if (const auto* change = std::get_if<TicketKeysChange>(&work)) return applier_.InstallTicketKeys(change->bytes);
  const Commit& commit = std::get<Commit>(work);
  return applier_.Apply(commit.delta, commit.from_empty ? Applier::Start::kEmpty : Applier::Start::kRunning);
}

Held Client::WhatIsHeld() const {
  const snapshot::Snapshot* running = applier_.running();
  if (running == nullptr) return {};
  Held held{running->id(), running->hash(), {}};
  if (start_over_) return held;
  running->ForEachVersion([&](std::string_view type_url, std::string_view name, std::string_view version) {
    held.versions.push_back({std::string(type_url), std::string(name), std::string(version)});
  });
  return held;
}

// A control plane that is away for hours costs one line a minute.
void Client::ReportLost(const std::string& address, const Status& why) {
  TimePoint now = clock_.Now();
  if (!heard_ && last_complaint_ != TimePoint() && now - last_complaint_ < kLogEvery) return;
  last_complaint_ = now;
  std::string text(why.message());
  // In TLS 1.3 a server that refuses our certificate closes when we believe the handshake done.
  if (!heard_ever_ && absl::IsUnavailable(why) && IsCertificateTrouble(text)) text += StrCat("; ", kCertificateHint);
  log_.Warn("xds", heard_ ? "the stream to the control plane ended" : "no control plane can be reached",
            {{"address", address}, {"why", text}});
}

void Client::Pause(Duration duration) {
  TimePoint until = clock_.Now() + duration;
  MutexLock lock(&mutex_);
  while (!stop_.load() && clock_.Now() < until) {
    Duration slice =
        applier_.Reclaim() ? std::min<Duration>(until - clock_.Now(), kReclaimEvery) : until - clock_.Now();
    woken_.WaitFor(&mutex_, slice);
  }
}

void Client::MarkConfirmed() { cells_.confirmed_at.Set(clock_.Wall().time_since_epoch().count()); }

}  // namespace penstock::xds
