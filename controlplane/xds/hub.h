// All streams and all groups: who gets which transaction when. Knows the rollout and the protocol, not the network.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "controlplane/rollout/asker.h"
#include "controlplane/rollout/fleet.h"
#include "controlplane/rollout/fleet_events.h"
#include "controlplane/rollout/publication.h"
#include "controlplane/xds/group_log.h"
#include "controlplane/xds/session.h"
#include "dataplane/base/mutex.h"
#include "proto/discovery/discovery.pb.h"

namespace penstock::xds_server {

// Where the transactions of a stream go. Called from any thread, without a lock of the hub; must not block.
class Outlet {
 public:
  virtual ~Outlet() = default;
  // At most one transaction is unanswered at a time, so nobody has to queue more than one.
  // Keys of tickets, twice a day, come beside it.
  virtual void Send(std::shared_ptr<const Transaction> transaction) = 0;
  virtual void Close(absl::Status reason) = 0;
};

// Thread-safe.
class Hub final : public rollout::Publisher, public rollout::Asker {
 public:
  struct Limits {
    size_t streams = 20'000;
    size_t streams_per_identity = 4;
  };

  Hub(rollout::FleetEvents* events, std::string control_plane_identifier, Limits limits)
      : events_(*events),
        identifier_(std::move(control_plane_identifier)),
        limits_(limits),
        greeting_(MakeGreeting(identifier_)) {}
  Hub(rollout::FleetEvents* events, std::string control_plane_identifier)
      : Hub(events, std::move(control_plane_identifier), Limits()) {}

  // Who is at the other end of a new stream.
  struct Peer {
    std::string identity;    // of its certificate
    std::string allowed_id;  // the replica id that the certificate grants; "" any
    std::string address;     // for people
  };

  // A new stream. kResourceExhausted when there are too many. It ends an older one of the same replica id, with
  // kAlreadyExists, when it says its own.
  absl::StatusOr<rollout::SessionId> Open(const Peer& peer, std::shared_ptr<Outlet> outlet);
  // A request of the stream. An error: the caller ends the stream with it, and calls Closed().
  absl::Status OnRequest(rollout::SessionId stream, const discovery::v3::DeltaDiscoveryRequest& request);
  void Closed(rollout::SessionId stream);

  // Ends every stream and refuses new ones: the control plane stops, data planes go to another one.
  void CloseAll();

  void Publish(const rollout::Publication& publication) override;
  void TargetsChanged() override;

  // KEYS go to every stream that subscribes to them, those that are open now included.
  void PublishTicketKeys(const xds::v1::TicketKeys& keys);

  void Ask(const std::string& replica, const xds::v1::Question& question, Done done) override;

  size_t streams() const;
  // Bytes of all transactions sent since the start.
  uint64_t bytes_sent() const;
  uint64_t transactions_sent() const;

 private:
  struct Stream {
    std::string identity;
    std::string address;
    Session session;
    std::shared_ptr<Outlet> outlet;
    std::string group;    // key; "" before it subscribed
    std::string replica;  // id; "" before it subscribed
    bool wants_ticket_keys = false;
    std::string question;  // nonce of the one that is unanswered; "" none
    Done asked = nullptr;  // who waits for its answer
  };
  // What is to be done after the lock was released.
  struct Delivery {
    std::shared_ptr<Outlet> outlet;
    std::shared_ptr<const Transaction> transaction;  // nullptr: close
    absl::Status reason = {};                        // of the close
    Done asked = nullptr;                            // set: nothing goes out, an answer came
    xds::v1::Answer answer = {};
  };

  absl::StatusOr<Stream*> FindAnswering(const std::string& replica) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  std::string ConnectedText() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Tell(rollout::SessionId id, Stream& stream, const std::vector<SessionEvent>& events,
            std::vector<Delivery>& deliveries) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void SendTicketKeys(Stream& stream, std::vector<Delivery>& deliveries) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void TakeSubscriber(rollout::SessionId id, Stream& stream, const Subscribed& subscribed,
                      std::vector<Delivery>& deliveries) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Pump(rollout::SessionId id, Stream& stream, std::vector<Delivery>& deliveries)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  static void Deliver(const std::vector<Delivery>& deliveries);

  rollout::FleetEvents& events_;
  const std::string identifier_;
  const Limits limits_;
  // An empty response for who subscribed while there is nothing to send yet: a client that hears nothing at all takes
  // the control plane for dead.
  const std::shared_ptr<const Transaction> greeting_;

  mutable Mutex mutex_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  rollout::SessionId last_stream_ ABSL_GUARDED_BY(mutex_) = 0;
  absl::flat_hash_map<rollout::SessionId, std::unique_ptr<Stream>> streams_ ABSL_GUARDED_BY(mutex_);
  absl::flat_hash_map<std::string, size_t> streams_of_ ABSL_GUARDED_BY(mutex_);
  // The stream of each replica id: the newest one.
  absl::flat_hash_map<std::string, rollout::SessionId> stream_of_replica_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, GroupLog> groups_ ABSL_GUARDED_BY(mutex_);
  std::shared_ptr<const Transaction> ticket_keys_ ABSL_GUARDED_BY(mutex_);  // nullptr: there are none yet
  uint64_t questions_ ABSL_GUARDED_BY(mutex_) = 0;                          // asked since the start
  uint64_t bytes_sent_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t transactions_sent_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace penstock::xds_server
