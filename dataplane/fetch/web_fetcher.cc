#include "dataplane/fetch/web_fetcher.h"

#include <pthread.h>

namespace penstock::fetch {
namespace {

const Clock& TheSystemClock() {
  static constinit const SystemClock clock;
  return clock;
}

}  // namespace

StatusOr<std::unique_ptr<WebFetcher>> WebFetcher::Start(WebFetcherOptions options) {
  ASSIGN_OR_RETURN(std::unique_ptr<io::Reactor> reactor, io::Reactor::Create());
  ASSIGN_OR_RETURN(std::unique_ptr<io::Resolver> resolver, io::Resolver::Create(*reactor, options.names));
  std::unique_ptr<WebFetcher> fetcher(new WebFetcher(std::move(options), std::move(reactor), std::move(resolver)));
  fetcher->thread_ = std::thread(&WebFetcher::Run, fetcher.get());
  return fetcher;
}

WebFetcher::WebFetcher(WebFetcherOptions options, std::unique_ptr<io::Reactor> reactor,
                       std::unique_ptr<io::Resolver> resolver)
    : options_(std::move(options)),
      reactor_(std::move(reactor)),
      resolver_(std::move(resolver)),
      loop_(*reactor_, *resolver_, options_.pace, options_.log, options_.cells),
      line_(std::make_shared<Line>(*reactor_, loop_)) {}

// The line first: what documents have asked for comes before the end, so that none goes on waiting for it.
WebFetcher::~WebFetcher() {
  line_->Cut();
  reactor_->Post([&loop = loop_] { loop.Stop(); });
  thread_.join();
}

// Until it is stopped and everything has unwound.
void WebFetcher::Run() {
  pthread_setname_np(pthread_self(), "fetch");
  while (!loop_.stopped() || reactor_->tasks() > 0) reactor_->Turn(Duration::max());
}

StatusOr<std::shared_ptr<Document>> WebFetcher::Open(const Request& request) {
  ASSIGN_OR_RETURN(Source source, SourceOf(request));
  const Clock& clock = options_.clock != nullptr ? *options_.clock : TheSystemClock();
  std::uint64_t id = ++last_id_;
  auto document = std::make_shared<WebDocument>(clock, line_, id);
  line_->Post([id, source = std::move(source), refresh = request.refresh,
               followed = std::weak_ptr<WebDocument>(document)](FetchLoop& loop) mutable {
    loop.Follow(id, std::move(source), refresh, std::move(followed));
  });
  return document;
}

StatusOr<Source> WebFetcher::SourceOf(const Request& request) const {
  Source source;
  Schemes schemes = request.allow_private_addresses ? Schemes::kAlsoHttp : Schemes::kHttps;
  ASSIGN_OR_RETURN(source.uri, ParseUri(request.uri, schemes));
  source.allow_private_addresses = request.allow_private_addresses;
  source.max_bytes = request.max_bytes;
  source.check = request.check;
  if (!source.uri.tls) return source;
  StatusOr<std::shared_ptr<const tls::CaBundle>> bundle = request.authorities.empty()
                                                              ? tls::CaBundle::System(options_.authorities)
                                                              : tls::CaBundle::Parse(request.authorities);
  RETURN_IF_ERROR(bundle) << source.uri.authority << ": authorities";
  tls::ClientOptions options;
  options.hostname = source.uri.host;
  options.ca = {*std::move(bundle)};
  options.alpn = {"http/1.1"};
  ASSIGN_OR_RETURN(source.tls, tls::ClientContext::Make(std::move(options)), _ << source.uri.authority);
  return source;
}

}  // namespace penstock::fetch
