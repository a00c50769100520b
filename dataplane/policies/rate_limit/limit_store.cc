#include "dataplane/policies/rate_limit/limit_store.h"

#include <utility>

namespace penstock::policies {

namespace {
constexpr char kPrefix[] = "penstock:limit:";
}

LimitStoreClient::LimitStoreClient(io::Reactor& reactor, redis::ServerOptions options, redis::Client::Watch watch)
    : client_(reactor, std::move(options), watch, {}), calls_(client_, kPrefix) {}

StatusOr<std::shared_ptr<LimitStore>> LimitStore::Make(const RedisTerms& terms, std::string password,
                                                       telemetry::Log* log) {
  redis::ServerOptions options;
  ASSIGN_OR_RETURN(options.address, redis::ServerAddress::Parse(terms.address));
  options.user = terms.user;
  options.password = std::move(password);
  options.database = terms.database;
  options.patience = terms.timeout;
  return std::shared_ptr<LimitStore>(new LimitStore(std::move(options), log));
}

LimitStoreClient& LimitStore::At(const Services& services) {
  return services.attachments->Get<LimitStoreClient>(shared_from_this(), [&] {
    redis::ServerOptions options = options_;
    options.resolver = services.resolver;
    return std::make_unique<LimitStoreClient>(*services.reactor, std::move(options),
                                              redis::Client::Watch{log_, services.cells});
  });
}

}  // namespace penstock::policies
