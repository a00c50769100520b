// One bidirectional gRPC stream of messages that gRPC does not parse. Blocking, for one thread that does nothing else.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <variant>

#include "dataplane/base/clock.h"
#include "dataplane/base/status.h"
#include "dataplane/xds/credentials.h"

namespace penstock::xds {

class Stream {
 public:
  // Connects in the background; Next() tells what became of it. CREDENTIALS as made by MakeCredentials.
  static std::unique_ptr<Stream> Open(const std::string& address,
                                      std::shared_ptr<grpc::ChannelCredentials> credentials);
  virtual ~Stream() = default;

  struct Message {
    std::string bytes;
  };
  struct Ended {
    Status status;
  };
  struct Woken {};     // by Wake()
  struct TimedOut {};  // nothing happened
  using Event = std::variant<Message, Ended, Woken, TimedOut>;

  // Waits for the next event, at most for LONGEST. After Ended there are no more.
  virtual Event Next(Duration longest) = 0;

  // Queues a message; sent in order.
  virtual void Send(std::string bytes) = 0;

  // Ends the stream: Next() gives Ended soon.
  virtual void Cancel() = 0;

  // Makes Next() return Woken, now or at its next call. Any thread.
  virtual void Wake() = 0;
};

}  // namespace penstock::xds
