// Keeps a data plane configured: connects to one of the control planes, feeds the subscriber, hands the work to the
// applier, answers, and starts over when the stream ends. The thread that it runs on is the configuration thread.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "dataplane/base/clock.h"
#include "dataplane/base/mutex.h"
#include "dataplane/telemetry/log/log.h"
#include "dataplane/telemetry/stats/cells.h"
#include "dataplane/xds/applier.h"
#include "dataplane/xds/backoff.h"
#include "dataplane/xds/credentials.h"
#include "dataplane/xds/outbox.h"
#include "dataplane/xds/responder.h"
#include "dataplane/xds/stream.h"
#include "dataplane/xds/subscriber.h"

namespace penstock::xds {

// Who this data plane is, as the control plane sees it.
struct Identity {
  std::string id;
  std::string group;
  std::string gateway_class;
  std::map<std::string, std::string> labels;
  std::string zone;
  std::string build;
  std::vector<std::string> weakened;  // settings of the process that make it less safe than the defaults
};

discovery::v3::Node ToNode(const Identity& identity);

// Owned by main; outlived by what it borrows.
class Client {
 public:
  struct Options {
    std::vector<std::string> addresses;  // HOST:PORT, tried in turn
    TlsFiles tls;
    Identity identity;
    uint64_t seed = 0;               // of the back-off
    Responder* responder = nullptr;  // outlives the client; null: operators can ask nothing
  };

  // Opens a stream to an address; tests put in their own.
  using Connect = std::function<StatusOr<std::unique_ptr<Stream>>(const std::string& address)>;

  // A control plane that accepts but says nothing for this long is as good as gone.
  static constexpr Duration kFirstResponseTimeout = std::chrono::seconds(10);
  static constexpr Duration kLogEvery = std::chrono::minutes(1);  // while it cannot connect
  static constexpr Duration kReclaimEvery = std::chrono::milliseconds(200);

  Client(Options options, Applier& applier, telemetry::ProcessCells& cells, telemetry::Log& log, const Clock& clock);
  Client(Options options, Applier& applier, telemetry::ProcessCells& cells, telemetry::Log& log, const Clock& clock,
         Connect connect);

  // Starts the thread: from now on the applier belongs to it.
  void Start();

  // Ends the stream and the thread.
  ~Client();

  // One stream from its opening to its end; the reason. Start() calls it again and again; tests call it once.
  Status RunStream(const std::string& address);

  // Tells the process log why a stream ended, and what to do if it looks like certificates that never fitted.
  void ReportLost(const std::string& address, const Status& why);

 private:
  void Run();
  Status Converse(Stream& stream, Subscriber& subscriber);
  Status TakeMessage(const std::string& bytes, Stream& stream, Subscriber& subscriber);
  Status Ask(const Question& question);
  std::vector<snapshot::ResourceProblem> Do(const Work& work);
  Held WhatIsHeld() const;
  void Pause(Duration duration);
  void MarkConfirmed();

  const Options options_;
  Applier& applier_;
  telemetry::ProcessCells& cells_;
  telemetry::Log& log_;
  const Clock& clock_;
  const Connect connect_;
  Retries retries_;
  bool start_over_ = false;  // the next stream holds nothing
  bool heard_ = false;       // the stream has given a response
  bool heard_ever_ = false;  // a stream has: the certificates fit each other
  TimePoint last_complaint_{};

  std::atomic<bool> stop_{false};
  const std::shared_ptr<Outbox> outbox_ = std::make_shared<Outbox>();  // whoever answers may outlive the client
  uint64_t stream_number_ = 0;                                         // of the outbox
  Mutex mutex_;
  CondVar woken_;
  std::thread thread_;
};

}  // namespace penstock::xds
