#include "controlplane/xds/hub.h"

#include <algorithm>
#include <utility>

#include "dataplane/base/status.h"
#include "dataplane/base/strings.h"

namespace penstock::xds_server {

absl::StatusOr<rollout::SessionId> Hub::Open(const Peer& peer, std::shared_ptr<Outlet> outlet) {
  MutexLock lock(&mutex_);
  if (stopping_) return absl::UnavailableError("the control plane is stopping");
  if (streams_.size() >= limits_.streams) {
    return absl::ResourceExhaustedError(
        StrCat(limits_.streams, " data planes are connected, which is the limit: add a control plane"));
  }
  // A certificate without an id of its own is shared by a fleet; only one with an id stands for one replica.
  size_t& count = streams_of_[peer.identity];
  if (!peer.allowed_id.empty() && count >= limits_.streams_per_identity) {
    return absl::ResourceExhaustedError(StrCat(
        peer.identity, " has ", count, " streams open already: is the same --id or certificate used more than once?"));
  }
  ++count;
  const rollout::SessionId id = ++last_stream_;
  streams_.emplace(id, std::make_unique<Stream>(Stream{.identity = peer.identity,
                                                       .address = peer.address,
                                                       .session = Session(peer.allowed_id),
                                                       .outlet = std::move(outlet),
                                                       .group = "",
                                                       .replica = "",
                                                       .wants_ticket_keys = false,
                                                       .question = "",
                                                       .asked = nullptr}));
  return id;
}

absl::Status Hub::OnRequest(rollout::SessionId id, const discovery::v3::DeltaDiscoveryRequest& request) {
  std::vector<Delivery> deliveries;
  {
    MutexLock lock(&mutex_);
    auto found = streams_.find(id);
    if (found == streams_.end()) return absl::CancelledError("the stream is closed");
    Stream& stream = *found->second;
    std::vector<SessionEvent> events;
    RETURN_IF_ERROR(stream.session.OnRequest(request, events));
    const bool new_here = stream.group.empty();
    Tell(id, stream, events, deliveries);
    const size_t before = deliveries.size();
    Pump(id, stream, deliveries);
    const bool subscribed_now = new_here && !stream.group.empty();
    const bool nothing_to_send = deliveries.size() == before;
    if (subscribed_now && nothing_to_send) deliveries.push_back({.outlet = stream.outlet, .transaction = greeting_});
  }
  Deliver(deliveries);
  return absl::OkStatus();
}

void Hub::Closed(rollout::SessionId id) {
  std::shared_ptr<Outlet> outlet;  // dies outside the lock
  Done asked;
  std::string replica;
  bool lost = false;
  {
    MutexLock lock(&mutex_);
    auto found = streams_.find(id);
    if (found == streams_.end()) return;
    outlet = std::move(found->second->outlet);
    asked = std::move(found->second->asked);
    replica = found->second->replica;
    auto count = streams_of_.find(found->second->identity);
    if (--count->second == 0) streams_of_.erase(count);
    auto of_replica = stream_of_replica_.find(found->second->replica);
    if (of_replica != stream_of_replica_.end() && of_replica->second == id) stream_of_replica_.erase(of_replica);
    streams_.erase(found);
    lost = !stopping_;
  }
  if (asked) asked(absl::AbortedError(StrCat("replica ", replica, " went away before it answered")));
  // A stream that ends because this process does is no replica lost: the next process expects it back.
  if (lost) events_.Lost(id);
}

void Hub::CloseAll() {
  std::vector<std::shared_ptr<Outlet>> outlets;
  {
    MutexLock lock(&mutex_);
    stopping_ = true;
    for (const auto& [id, stream] : streams_) outlets.push_back(stream->outlet);
  }
  for (const auto& outlet : outlets) outlet->Close(absl::UnavailableError("the control plane is stopping"));
}

void Hub::Publish(const rollout::Publication& publication) {
  std::vector<Delivery> deliveries;
  {
    MutexLock lock(&mutex_);
    auto [group, fresh] = groups_.try_emplace(publication.key, identifier_);
    group->second.Append(publication);
    for (auto& [id, stream] : streams_) {
      if (stream->group == publication.key) Pump(id, *stream, deliveries);
    }
  }
  Deliver(deliveries);
}

void Hub::TargetsChanged() {
  std::vector<Delivery> deliveries;
  {
    MutexLock lock(&mutex_);
    for (auto& [id, stream] : streams_) Pump(id, *stream, deliveries);
  }
  Deliver(deliveries);
}

void Hub::PublishTicketKeys(const xds::v1::TicketKeys& keys) {
  std::shared_ptr<const Transaction> serialized = SerializeTicketKeys(keys, identifier_);
  std::vector<Delivery> deliveries;
  {
    MutexLock lock(&mutex_);
    ticket_keys_ = std::move(serialized);
    for (auto& [id, stream] : streams_) {
      if (stream->wants_ticket_keys) SendTicketKeys(*stream, deliveries);
    }
  }
  Deliver(deliveries);
}

void Hub::Ask(const std::string& replica, const xds::v1::Question& question, Done done) {
  absl::Status refused;
  std::shared_ptr<Outlet> outlet;
  std::shared_ptr<const Transaction> asks;
  {
    MutexLock lock(&mutex_);
    absl::StatusOr<Stream*> stream = FindAnswering(replica);
    if (stream.ok()) {
      // In front of another stream's answer, or one that nobody waits for any more, it is told by its nonce.
      (*stream)->question = StrCat("question:", ++questions_);
      (*stream)->asked = std::move(done);
      asks = SerializeQuestion(question, (*stream)->question, identifier_);
      outlet = (*stream)->outlet;
    } else {
      refused = stream.status();
    }
  }
  if (outlet == nullptr) return done(refused);
  outlet->Send(asks);
}

absl::StatusOr<Hub::Stream*> Hub::FindAnswering(const std::string& replica) {
  auto id = stream_of_replica_.find(replica);
  auto found = id == stream_of_replica_.end() ? streams_.end() : streams_.find(id->second);
  if (found == streams_.end()) {
    return absl::NotFoundError(StrCat("no replica \"", replica.substr(0, 253), "\" is connected; ", ConnectedText()));
  }
  Stream& stream = *found->second;
  if (!stream.session.answers()) {
    return absl::FailedPreconditionError(StrCat("replica ", replica, " runs a build that cannot be asked"));
  }
  if (stream.asked) return absl::ResourceExhaustedError(StrCat("replica ", replica, " is busy with another question"));
  return &stream;
}

// "those that are: edge-1, edge-2 and 7 more".
std::string Hub::ConnectedText() const {
  constexpr size_t kNamed = 10;
  std::vector<std::string_view> ids;
  for (const auto& [id, stream] : stream_of_replica_) ids.push_back(id);
  if (ids.empty()) return "nobody is";
  const size_t named = std::min(kNamed, ids.size());
  std::partial_sort(ids.begin(), ids.begin() + static_cast<std::ptrdiff_t>(named), ids.end());
  std::string text = "those that are: ";
  for (size_t i = 0; i < named; ++i) text += StrCat(i == 0 ? "" : ", ", ids[i]);
  return ids.size() == named ? text : StrCat(text, " and ", ids.size() - named, " more");
}

size_t Hub::streams() const {
  MutexLock lock(&mutex_);
  return streams_.size();
}

uint64_t Hub::bytes_sent() const {
  MutexLock lock(&mutex_);
  return bytes_sent_;
}

uint64_t Hub::transactions_sent() const {
  MutexLock lock(&mutex_);
  return transactions_sent_;
}

void Hub::Tell(rollout::SessionId id, Stream& stream, const std::vector<SessionEvent>& events,
               std::vector<Delivery>& deliveries) {
  for (const SessionEvent& event : events) {
    if (const auto* subscribed = std::get_if<Subscribed>(&event)) TakeSubscriber(id, stream, *subscribed, deliveries);
    if (const auto* acked = std::get_if<Acked>(&event)) events_.Acked(id, acked->id);
    if (const auto* served = std::get_if<Served>(&event)) events_.Served(id, served->id);
    if (std::holds_alternative<WantsTicketKeys>(event)) {
      stream.wants_ticket_keys = true;
      SendTicketKeys(stream, deliveries);
    }
    if (const auto* refused = std::get_if<Refused>(&event)) events_.Rejected(id, refused->id, refused->problems);
    const auto* answered = std::get_if<Answered>(&event);
    if (answered != nullptr && stream.asked && answered->nonce == stream.question) {
      deliveries.push_back({.outlet = nullptr,
                            .transaction = nullptr,
                            .asked = std::exchange(stream.asked, nullptr),
                            .answer = answered->answer});
    }
  }
}

void Hub::SendTicketKeys(Stream& stream, std::vector<Delivery>& deliveries) {
  if (ticket_keys_ == nullptr) return;
  deliveries.push_back({.outlet = stream.outlet, .transaction = ticket_keys_});
}

void Hub::TakeSubscriber(rollout::SessionId id, Stream& stream, const Subscribed& subscribed,
                         std::vector<Delivery>& deliveries) {
  rollout::Replica replica = subscribed.replica;
  replica.peer = stream.address;
  stream.group = rollout::GroupKey(subscribed.group);
  stream.replica = replica.id;
  const rollout::SessionId older = std::exchange(stream_of_replica_[replica.id], id);
  events_.Connected(id, replica, subscribed.group);
  auto displaced = streams_.find(older);
  if (displaced == streams_.end()) return;
  deliveries.push_back(
      {.outlet = displaced->second->outlet,
       .transaction = nullptr,
       .reason = absl::AlreadyExistsError(StrCat("another data plane connected with the id ", replica.id, " from ",
                                                 stream.address, "; give each its own --id"))});
}

void Hub::Pump(rollout::SessionId id, Stream& stream, std::vector<Delivery>& deliveries) {
  if (!stream.session.Ready()) return;
  auto group = groups_.find(stream.group);
  if (group == groups_.end()) return;
  const GenerationId target = group->second.AtMost(events_.Target(id));
  const bool news = target > stream.session.at() && target != stream.session.refused();
  if (!news) return;
  std::shared_ptr<const Transaction> transaction = group->second.Make(stream.session.base(), target);
  if (transaction != nullptr) {
    stream.session.Begin(*transaction);
    events_.Sent(id, target);
    bytes_sent_ += transaction->bytes;
    ++transactions_sent_;
  }
  // Without a transaction the stream has fallen out of the ring: a new one tells its versions.
  deliveries.push_back(
      {.outlet = stream.outlet,
       .transaction = std::move(transaction),
       .reason = absl::UnavailableError("too far behind for a delta: reconnect with the versions you hold")});
}

void Hub::Deliver(const std::vector<Delivery>& deliveries) {
  for (const Delivery& delivery : deliveries) {
    if (delivery.asked) {
      delivery.asked(delivery.answer);
    } else if (delivery.transaction != nullptr) {
      delivery.outlet->Send(delivery.transaction);
    } else {
      delivery.outlet->Close(delivery.reason);
    }
  }
}

}  // namespace penstock::xds_server
