#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "dataplane/base/clock.h"
#include "dataplane/base/status.h"

// Small documents from the web that a data plane needs besides its configuration (key sets), kept fresh off the request
// path, on a thread of their own.
namespace penstock::fetch {

struct Request {
  std::string uri;  // https://HOST[:PORT]/PATH, or http:// where private addresses are allowed
  Duration refresh = std::chrono::minutes(5);  // between two fetches that worked
  bool allow_private_addresses = false;
  std::string authorities{};  // PEM; "": those of the system
  size_t max_bytes = 1 << 20;
  // What a document must be; another one is a failed fetch, and the last good one stays. On the fetching thread.
  // null: any bytes. Its error holds nothing secret.
  Status (*check)(std::string_view body) = nullptr;

  // Equal for equal requests, but for what is checked: who asks for key sets only shares with his like.
  std::string Identity() const;
};

// What a document says now.
struct Fetched {
  std::shared_ptr<const std::string> body;  // null: it was never fetched
  TimePoint at;                             // when it was fetched last
};

// One document, fetched as long as somebody holds it. Any thread.
class Document {
 public:
  // Two requests to renew it are at least so long apart, whoever asks.
  static constexpr Duration kRenewGap = std::chrono::seconds(30);

  virtual ~Document() = default;

  virtual Fetched Latest() const = 0;
  // Changes with every body that differs from the one before; 0 while there is none. One relaxed load.
  uint64_t version() const { return version_.load(std::memory_order_acquire); }

  // Asks for a fetch now. False: that was done less than kRenewGap ago, and is over.
  virtual bool Renew() = 0;
  // A fetch runs, or begins at once.
  virtual bool Pending() const = 0;
  // Why the last fetch failed, for people; "" if it did not.
  virtual std::string Problem() const = 0;
  virtual TimePoint Now() const = 0;

 protected:
  std::atomic<uint64_t> version_{0};
};

// Where documents come from. Configuration thread.
class Fetcher {
 public:
  virtual ~Fetcher() = default;
  // Begins to fetch it. InvalidArgument: the URI cannot be used.
  virtual StatusOr<std::shared_ptr<Document>> Open(const Request& request) = 0;
};

}  // namespace penstock::fetch
