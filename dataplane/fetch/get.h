#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "dataplane/base/cancellation.h"
#include "dataplane/base/status.h"
#include "dataplane/base/task.h"
#include "dataplane/fetch/uri.h"
#include "dataplane/io/dns/resolver.h"
#include "dataplane/io/reactor/reactor.h"
#include "dataplane/tls/client_context.h"

namespace penstock::fetch {

// Where a document is, and how far its server is trusted.
struct Source {
  Uri uri;
  bool allow_private_addresses = false;
  size_t max_bytes = 0;
  std::shared_ptr<const tls::ClientContext> tls;     // of an https URI; else null
  Status (*check)(std::string_view body) = nullptr;  // what the document must be; null: any bytes
};

// Addresses of the host that are tried, one after the other; each gets its share of the time that is left.
inline constexpr size_t kMaxAddresses = 8;

// One GET over a connection of its own, all of it within WAIT: resolve, connect, TLS, answer. The content of a 200
// that passes the check; else why there is none, for people, beginning with the host; kCancelled only if WAIT was. What
// is connected to is the address that was checked: no name is resolved twice. SOURCE outlives it.
Task<StatusOr<std::string>> Get(io::Reactor& reactor, io::Resolver& resolver, const Source& source, Wait wait);

}  // namespace penstock::fetch
