#include "dataplane/io/dns/resolver.h"

#include <ares.h>

#include <algorithm>
#include <cstring>
#include <map>

#include "dataplane/base/strings.h"
#include "dataplane/io/net/socket_address.h"

namespace penstock::io {
namespace {

constexpr std::size_t kLongestName = 253;  // RFC 1035 2.3.4, without the final dot

Status FromAres(int code, const std::string& name) {
  std::string text = StrCat("resolve ", name, ": ", ares_strerror(code));
  switch (code) {
    case ARES_ENOTFOUND:
    case ARES_ENODATA:
      return absl::NotFoundError(text);
    case ARES_ETIMEOUT:
      return absl::DeadlineExceededError(text);
    case ARES_ECANCELLED:
    case ARES_EDESTRUCTION:
      return absl::CancelledError(text);
    case ARES_EBADNAME:
      return absl::InvalidArgumentError(text);
    default:
      return absl::UnavailableError(text);
  }
}

// c-ares starts one initialisation per process; it may be asked for many times.
class AresLibrary {
 public:
  AresLibrary() : status_(ares_library_init(ARES_LIB_INIT_ALL)) {}
  ~AresLibrary() {
    if (status_ == ARES_SUCCESS) ares_library_cleanup();
  }
  bool ok() const { return status_ == ARES_SUCCESS; }

 private:
  int status_;
};

class AresResolver final : public Resolver, private Timer {
 public:
  AresResolver(Reactor& reactor, Options options) : reactor_(reactor), options_(std::move(options)) {}
  ~AresResolver() override;

  Status Init();
  Task<StatusOr<DnsAnswer>> Resolve(std::string name, Wait wait) override;

 private:
  // Shared by the waiting coroutine and the library's callback; whoever is last deletes it.
  struct Query {
    WaitQueue done;
    int code = ARES_SUCCESS;
    ares_addrinfo* result = nullptr;
    bool finished = false;
    bool abandoned = false;
  };

  // One of the library's sockets, watched level triggered since the library may leave bytes unread.
  struct Socket final : EventSource {
    Socket(AresResolver& resolver, ares_socket_t fd) : resolver(resolver), fd(fd) {}
    void OnEvents(std::uint32_t events) override;
    AresResolver& resolver;
    const ares_socket_t fd;
  };

  static void OnSocketState(void* self, ares_socket_t fd, int readable, int writable);
  static void OnAnswer(void* query, int code, int timeouts, ares_addrinfo* result);
  void OnTimer() override;
  void Process(ares_socket_t readable, ares_socket_t writable);

  Reactor& reactor_;
  const Options options_;
  AresLibrary library_;
  ares_channel channel_ = nullptr;
  std::map<ares_socket_t, std::unique_ptr<Socket>> sockets_;
};

Status AresResolver::Init() {
  if (!library_.ok()) return absl::InternalError("c-ares does not start");
  ares_options options{};
  options.timeout = static_cast<int>(options_.query_timeout / std::chrono::milliseconds(1));
  options.tries = options_.tries;
  options.sock_state_cb = &AresResolver::OnSocketState;
  options.sock_state_cb_data = this;
  int mask = ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_SOCK_STATE_CB;
  int code = ares_init_options(&channel_, &options, mask);
  if (code != ARES_SUCCESS) return absl::InternalError(StrCat("c-ares: ", ares_strerror(code)));
  if (options_.servers.empty()) return absl::OkStatus();
  code = ares_set_servers_ports_csv(channel_, options_.servers.c_str());
  if (code != ARES_SUCCESS)
    return absl::InvalidArgumentError(StrCat("DNS servers '", options_.servers, "': ", ares_strerror(code)));
  return absl::OkStatus();
}

AresResolver::~AresResolver() {
  if (channel_ != nullptr) ares_destroy(channel_);
}

StatusOr<DnsAnswer> ToAnswer(const ares_addrinfo& info, const std::string& name) {
  DnsAnswer answer;
  int ttl = INT32_MAX;
  for (const ares_addrinfo_node* node = info.nodes; node != nullptr; node = node->ai_next) {
    ttl = std::min(ttl, node->ai_ttl);
    if (node->ai_family != AF_INET && node->ai_family != AF_INET6) continue;
    answer.addresses.push_back(SocketAddress::FromSockaddr(node->ai_addr, node->ai_addrlen).ip());
  }
  if (answer.addresses.empty()) return absl::NotFoundError(StrCat("resolve ", name, ": no address"));
  std::sort(answer.addresses.begin(), answer.addresses.end());
  answer.addresses.erase(std::unique(answer.addresses.begin(), answer.addresses.end()), answer.addresses.end());
  if (answer.addresses.size() > Resolver::kMaxAddresses) {
    answer.dropped = answer.addresses.size() - Resolver::kMaxAddresses;
    answer.addresses.resize(Resolver::kMaxAddresses);
  }
  answer.ttl = std::chrono::seconds(std::max(ttl, 0));
  return answer;
}

Task<StatusOr<DnsAnswer>> AresResolver::Resolve(std::string name, Wait wait) {
  StatusOr<IpAddress> literal = IpAddress::Parse(name);
  if (literal.ok()) co_return DnsAnswer{.addresses = {*literal}, .ttl = std::chrono::hours(24)};
  if (name.empty() || name.size() > kLongestName || name.find('\0') != std::string::npos) {
    co_return absl::InvalidArgumentError("a DNS name has 1 to 253 bytes");
  }
  Query* query = new Query;
  ares_addrinfo_hints hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_flags = ARES_AI_NOSORT;
  ares_getaddrinfo(channel_, name.c_str(), nullptr, &hints, &AresResolver::OnAnswer, query);
  Process(ARES_SOCKET_BAD, ARES_SOCKET_BAD);
  Wait bounded = wait.Until(After(reactor_.Now(), options_.timeout));
  while (!query->finished) {
    Waiter waiter(reactor_, query->done, bounded);
    Woke woke = co_await waiter;
    if (woke != Woke::kEvent && !query->finished) {
      query->abandoned = true;
      co_return ToStatus(woke, StrCat("resolve ", name));
    }
  }
  std::unique_ptr<Query> finished(query);
  if (finished->code != ARES_SUCCESS) co_return FromAres(finished->code, name);
  StatusOr<DnsAnswer> answer = ToAnswer(*finished->result, name);
  ares_freeaddrinfo(finished->result);
  co_return answer;
}

void AresResolver::OnAnswer(void* argument, int code, int, ares_addrinfo* result) {
  Query* query = static_cast<Query*>(argument);
  if (query->abandoned) {
    if (result != nullptr) ares_freeaddrinfo(result);
    delete query;
    return;
  }
  query->finished = true;
  query->code = code;
  query->result = result;
  query->done.WakeAll();
}

// Called by the library when it opens, changes and closes a socket.
void AresResolver::OnSocketState(void* argument, ares_socket_t fd, int readable, int writable) {
  AresResolver& self = *static_cast<AresResolver*>(argument);
  std::map<ares_socket_t, std::unique_ptr<Socket>>::iterator known = self.sockets_.find(fd);
  if (!readable && !writable) {
    if (known == self.sockets_.end()) return;
    self.reactor_.Unwatch(fd, *known->second);
    self.sockets_.erase(known);
    return;
  }
  bool change = known != self.sockets_.end();
  if (!change) known = self.sockets_.emplace(fd, std::make_unique<Socket>(self, fd)).first;
  std::uint32_t events = (readable ? EPOLLIN : 0u) | (writable ? EPOLLOUT : 0u);
  // A failure shows as a timeout of the query.
  self.reactor_.WatchFor(fd, events, change, *known->second).IgnoreError();
}

void AresResolver::Socket::OnEvents(std::uint32_t events) {
  bool failed = events & (EPOLLERR | EPOLLHUP);
  ares_socket_t readable = failed || (events & EPOLLIN) ? fd : ARES_SOCKET_BAD;
  ares_socket_t writable = failed || (events & EPOLLOUT) ? fd : ARES_SOCKET_BAD;
  resolver.Process(readable, writable);  // may close the socket and delete this
}

void AresResolver::OnTimer() { Process(ARES_SOCKET_BAD, ARES_SOCKET_BAD); }

// Lets the library work and asks when it wants to be called next.
void AresResolver::Process(ares_socket_t readable, ares_socket_t writable) {
  ares_process_fd(channel_, readable, writable);
  timeval longest{3600, 0};
  timeval next{};
  const timeval* wake = ares_timeout(channel_, &longest, &next);
  Duration in = std::chrono::seconds(wake->tv_sec) + std::chrono::microseconds(wake->tv_usec);
  if (sockets_.empty()) {
    Timer::Disarm();
  } else {
    Timer::Arm(reactor_.timers(), After(reactor_.Now(), in));
  }
}

}  // namespace

StatusOr<std::unique_ptr<Resolver>> Resolver::Create(Reactor& reactor, Options options) {
  auto resolver = std::make_unique<AresResolver>(reactor, std::move(options));
  RETURN_IF_ERROR(resolver->Init());
  return std::unique_ptr<Resolver>(std::move(resolver));
}

}  // namespace penstock::io
