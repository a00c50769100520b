#include "dataplane/io/dns/fake_dns_server.h"

#include <cerrno>

#include "dataplane/io/net/listener.h"

namespace penstock::io {
namespace {

// RFC 1035 4.1: a header of 12 bytes, then the question: labels, type, class.
constexpr std::size_t kHeader = 12;
constexpr std::uint16_t kTypeA = 1, kTypeAaaa = 28;

void Put16(std::string& out, std::uint32_t value) {
  out.push_back(static_cast<char>(value >> 8));
  out.push_back(static_cast<char>(value));
}

std::string ReadName(std::string_view query, std::size_t& at) {
  std::string name;
  while (at < query.size() && query[at] != 0) {
    std::size_t length = static_cast<std::uint8_t>(query[at]);
    if (!name.empty()) name.push_back('.');
    name.append(query.substr(at + 1, length));
    at += 1 + length;
  }
  ++at;
  return name;
}

}  // namespace

StatusOr<std::unique_ptr<FakeDnsServer>> FakeDnsServer::Create(Reactor& reactor) {
  Fd fd(socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  ASSIGN_OR_RETURN(SocketAddress any, SocketAddress::Parse("127.0.0.1:0"));
  if (!fd.valid() || bind(fd.get(), any.raw(), any.raw_length()) != 0) return absl::ErrnoToStatus(errno, "bind");
  ASSIGN_OR_RETURN(SocketAddress address, BoundAddress(fd));
  std::unique_ptr<FakeDnsServer> server(new FakeDnsServer(reactor, std::move(fd), address));
  RETURN_IF_ERROR(reactor.WatchFor(server->fd_.get(), EPOLLIN, false, *server));
  return server;
}

FakeDnsServer::~FakeDnsServer() { reactor_.Unwatch(fd_.get(), *this); }

void FakeDnsServer::OnEvents(std::uint32_t) {
  char buffer[1500];
  sockaddr_storage from;
  socklen_t length = sizeof(from);
  ssize_t got = recvfrom(fd_.get(), buffer, sizeof(buffer), 0, reinterpret_cast<sockaddr*>(&from), &length);
  if (got < static_cast<ssize_t>(kHeader)) return;
  ++queries_;
  std::string reply = Reply(std::string_view(buffer, static_cast<std::size_t>(got)));
  if (!reply.empty()) sendto(fd_.get(), reply.data(), reply.size(), 0, reinterpret_cast<sockaddr*>(&from), length);
}

std::string FakeDnsServer::Reply(std::string_view query) {
  std::size_t at = kHeader;
  std::string name = ReadName(query, at);
  std::uint16_t type =
      static_cast<std::uint16_t>(static_cast<std::uint8_t>(query[at]) << 8 | static_cast<std::uint8_t>(query[at + 1]));
  std::string_view question = query.substr(kHeader, at + 4 - kHeader);
  std::map<std::string, Answer>::const_iterator known = answers_.find(name);
  Answer answer = known != answers_.end() ? known->second : Answer{.addresses = {}, .rcode = Rcode::kNxdomain};
  if (answer.silent) return "";
  if (answer.garbage) return std::string(query.substr(0, 2)) + "\xff\xff garbage";
  std::string records;
  std::uint32_t count = 0;
  for (const IpAddress& ip : answer.addresses) {
    if (type != (ip.is_v4() ? kTypeA : kTypeAaaa)) continue;
    Put16(records, 0xc000 | kHeader);  // a pointer to the question's name
    Put16(records, type);
    Put16(records, 1);
    Put16(records, answer.ttl >> 16);
    Put16(records, answer.ttl & 0xffff);
    Put16(records, static_cast<std::uint32_t>(ip.bytes().size()));
    records.append(ip.bytes());
    ++count;
  }
  std::string reply(query.substr(0, 2));
  Put16(reply, 0x8180u | static_cast<std::uint32_t>(answer.rcode));
  Put16(reply, 1);
  Put16(reply, count);
  Put16(reply, 0);
  Put16(reply, 0);
  reply.append(question);
  reply.append(records);
  return reply;
}

}  // namespace penstock::io
