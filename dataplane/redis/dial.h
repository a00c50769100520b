#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "dataplane/base/cancellation.h"
#include "dataplane/base/clock.h"
#include "dataplane/io/dns/resolver.h"
#include "dataplane/io/net/stream.h"
#include "dataplane/tls/client_context.h"

namespace penstock::redis {

// Where a server is. A plain value.
struct ServerAddress {
  std::string text;                          // as it was written; for logs and errors
  std::optional<io::SocketAddress> literal;  // if it needs no resolver
  std::string host;                          // else
  std::uint16_t port = 0;

  // "redis.example:6379", "192.0.2.1:6379", "[2001:db8::1]:6379", "unix:/run/redis.sock".
  static StatusOr<ServerAddress> Parse(std::string_view text);
};

struct ServerOptions {
  ServerAddress address;
  io::Resolver* resolver = nullptr;  // of the same reactor; a name cannot be reached without one
  std::string user;                  // "": the default user
  std::string password;              // "": none is sent; never in an error or a log
  std::uint32_t database = 0;
  std::shared_ptr<const tls::ClientContext> tls;  // null: plain text
  // For how long callers wait for an answer. A server that needs longer for PING is of no use to them: it is down.
  Duration patience = std::chrono::seconds(1);
};

// A connection that has answered PING within the patience: connected, TLS, AUTH, SELECT. The errors are kUnavailable
// and name the step and, where the server refused one, the first word of what it said, if that is a word that servers
// say; the wait's own are as they are. OPTIONS outlives it.
Task<StatusOr<std::unique_ptr<io::Stream>>> Dial(io::Reactor& reactor, const ServerOptions& options, Wait wait);

// The word by which a server's error is known ("WRONGPASS"), or "an error": what else it says may be anything, such as
// what it was sent.
std::string_view ErrorWord(std::string_view error);

}  // namespace penstock::redis
