#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "dataplane/base/ip_address.h"
#include "dataplane/io/net/socket_address.h"
#include "dataplane/io/reactor/reactor.h"

namespace penstock::io {

// A DNS server for tests: UDP on a free loopback port, answers from a table. Unknown names do not exist.
class FakeDnsServer final : private EventSource {
 public:
  enum class Rcode : std::uint8_t { kOk = 0, kServfail = 2, kNxdomain = 3, kRefused = 5 };

  struct Answer {
    std::vector<IpAddress> addresses;
    std::uint32_t ttl = 30;
    Rcode rcode = Rcode::kOk;
    bool silent = false;   // never answers
    bool garbage = false;  // answers with bytes that are no DNS
  };

  static StatusOr<std::unique_ptr<FakeDnsServer>> Create(Reactor& reactor);
  ~FakeDnsServer();

  // Names in lower case without the final dot.
  void Set(const std::string& name, Answer answer) { answers_[name] = std::move(answer); }
  // For Resolver::Options::servers.
  std::string address() const { return address_.ToString(); }
  int queries() const { return queries_; }

 private:
  FakeDnsServer(Reactor& reactor, Fd fd, const SocketAddress& address)
      : reactor_(reactor), fd_(std::move(fd)), address_(address) {}
  void OnEvents(std::uint32_t events) override;
  std::string Reply(std::string_view query);

  Reactor& reactor_;
  Fd fd_;
  SocketAddress address_;
  std::map<std::string, Answer> answers_;
  int queries_ = 0;
};

}  // namespace penstock::io
