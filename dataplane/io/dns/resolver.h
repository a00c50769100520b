#pragma once

#include <memory>
#include <string>
#include <vector>

#include "dataplane/base/cancellation.h"
#include "dataplane/base/ip_address.h"
#include "dataplane/base/status.h"
#include "dataplane/base/task.h"
#include "dataplane/io/reactor/reactor.h"

namespace penstock::io {

// What a name means now.
struct DnsAnswer {
  std::vector<IpAddress> addresses;  // A and AAAA, sorted, each once; at least one, at most Resolver::kMaxAddresses
  Duration ttl;                      // the smallest of the records; 0 is possible
  std::size_t dropped = 0;           // addresses beyond the limit
};

// Resolves names by c-ares on the reactor, never blocking. Reads /etc/resolv.conf and /etc/hosts as the system does.
// Keeps nothing: caching and holding on to the last good answer is the caller's business.
class Resolver {
 public:
  // More addresses than this in one answer are dropped, and counted.
  static constexpr std::size_t kMaxAddresses = 1024;

  struct Options {
    std::string servers;                                       // "127.0.0.1:5353,..."; empty: the system's
    Duration query_timeout = std::chrono::milliseconds(1250);  // per server and try
    int tries = 3;
    Duration timeout = std::chrono::seconds(5);  // of Resolve() as a whole
  };

  static StatusOr<std::unique_ptr<Resolver>> Create(Reactor& reactor, Options options);
  virtual ~Resolver() = default;

  // kNotFound: the name does not exist or has no address. kUnavailable: no server gave an answer (SERVFAIL, refused,
  // garbage). kDeadlineExceeded, kCancelled. Literal addresses answer themselves.
  virtual Task<StatusOr<DnsAnswer>> Resolve(std::string name, Wait wait) = 0;
};

}  // namespace penstock::io
