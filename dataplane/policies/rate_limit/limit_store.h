#pragma once

#include <memory>
#include <string>

#include "dataplane/exchange/attachments.h"
#include "dataplane/exchange/services.h"
#include "dataplane/policies/rate_limit/rate_limit_config.h"
#include "dataplane/redis/client.h"
#include "dataplane/redis/limit_calls.h"
#include "dataplane/telemetry/log/log.h"

namespace penstock::policies {

// One worker's connection to the Redis that counts.
class LimitStoreClient final : public Attachment {
 public:
  LimitStoreClient(io::Reactor& reactor, redis::ServerOptions options, redis::Client::Watch watch);
  Task<void> Stop() override { return client_.Stop(); }
  redis::LimitCalls& calls() { return calls_; }

 private:
  redis::Client client_;
  redis::LimitCalls calls_;
};

// A Redis that counts, shared by all policies that name it alike and by all workers; each worker has its own
// connection. Immutable; any thread.
class LimitStore : public std::enable_shared_from_this<LimitStore> {
 public:
  // InvalidArgument: the address cannot be used. LOG may be null; it outlives what is made of it.
  static StatusOr<std::shared_ptr<LimitStore>> Make(const RedisTerms& terms, std::string password, telemetry::Log* log);

  // The worker's connection. REQUIRES: SERVICES has all there is.
  LimitStoreClient& At(const Services& services);

  const std::string& address() const { return options_.address.text; }

 private:
  LimitStore(redis::ServerOptions options, telemetry::Log* log) : options_(std::move(options)), log_(log) {}

  const redis::ServerOptions options_;
  telemetry::Log* const log_;
};

}  // namespace penstock::policies
