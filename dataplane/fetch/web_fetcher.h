#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <thread>

#include "dataplane/fetch/fetch_loop.h"
#include "dataplane/fetch/fetcher.h"
#include "dataplane/fetch/line.h"

namespace penstock::fetch {

struct WebFetcherOptions {
  telemetry::Log* log = nullptr;             // null: nobody is told; else outlives the fetcher
  telemetry::ProcessCells* cells = nullptr;  // null: nothing is counted; else outlives the fetcher
  const Clock* clock = nullptr;  // of Document::Now(); any thread; outlives the documents. Null: the system's
  std::string authorities = "/etc/ssl/certs/ca-certificates.crt";  // file of those that the system trusts
  io::Resolver::Options names;
  Pace pace;
};

// Fetches documents by GET over HTTP/1.1, on a thread of its own. A document is
//
//   fetched      at once when it is opened, then every `refresh` with a tenth of jitter; after a failure again after
//                1 s, 2 s, 4 s ... 60 s; when it is renewed at once, but never more often than once a second
//   valid        if a server that is verified (of https://) answers 200 within 5 s, all in all, with at most max_bytes
//                of content; no redirect is followed, no content-encoding undone
//   connected to at no private address, unless the request allows it (private_address.h)
//
// Documents do not wait for each other. Whoever holds one may outlive the fetcher: it stays as it was.
class WebFetcher final : public Fetcher {
 public:
  // Starts the thread.
  static StatusOr<std::unique_ptr<WebFetcher>> Start(WebFetcherOptions options);
  // Breaks off what runs, and ends the thread.
  ~WebFetcher() override;

  // InvalidArgument: also if the authorities are none. NotFound: those of the system cannot be read.
  StatusOr<std::shared_ptr<Document>> Open(const Request& request) override;

 private:
  WebFetcher(WebFetcherOptions options, std::unique_ptr<io::Reactor> reactor, std::unique_ptr<io::Resolver> resolver);

  StatusOr<Source> SourceOf(const Request& request) const;
  void Run();

  const WebFetcherOptions options_;
  // The thread's, once it runs.
  const std::unique_ptr<io::Reactor> reactor_;
  const std::unique_ptr<io::Resolver> resolver_;
  FetchLoop loop_;

  const std::shared_ptr<Line> line_;
  std::uint64_t last_id_ = 0;
  std::thread thread_;
};

}  // namespace penstock::fetch
