#include "dataplane/redis/dial.h"

#include <algorithm>
#include <charconv>
#include <vector>

#include "dataplane/base/strings.h"
#include "dataplane/io/net/connect.h"
#include "dataplane/io/reactor/reactor.h"
#include "dataplane/redis/reply.h"
#include "dataplane/tls/tls_stream.h"

namespace penstock::redis {
namespace {

using StreamPtr = std::unique_ptr<io::Stream>;
using Arguments = std::vector<std::string_view>;

constexpr std::string_view kErrorWords[] = {
    "BUSY",   "CLUSTERDOWN", "CROSSSLOT", "DENIED", "ERR",        "LOADING",  "MASTERDOWN", "MISCONF",   "MOVED",
    "NOAUTH", "NOPERM",      "NOSCRIPT",  "OOM",    "NOREPLICAS", "READONLY", "TRYAGAIN",   "WRONGPASS", "WRONGTYPE"};

Task<StatusOr<std::vector<io::SocketAddress>>> Resolve(const ServerOptions& options, Wait wait) {
  std::vector<io::SocketAddress> found;
  if (options.address.literal) found.push_back(*options.address.literal);
  if (!found.empty()) co_return found;
  if (options.resolver == nullptr) co_return absl::UnavailableError("a name, and no resolver");
  StatusOr<io::DnsAnswer> answer = co_await options.resolver->Resolve(options.address.host, wait);
  if (!answer.ok()) co_return StatusBuilder(answer.status()) << "resolve";
  for (const IpAddress& ip : answer->addresses) found.push_back(io::SocketAddress::Ip(ip, options.address.port));
  co_return found;
}

// Begins anywhere, so that an address that swallows everything is not the first one every time.
Task<StatusOr<StreamPtr>> Connect(io::Reactor& reactor, const ServerOptions& options, Wait wait) {
  StatusOr<std::vector<io::SocketAddress>> addresses = co_await Resolve(options, wait);
  CO_RETURN_IF_ERROR(addresses.status());
  std::size_t first = reactor.random().Below(addresses->size());
  std::rotate(addresses->begin(), addresses->begin() + static_cast<std::ptrdiff_t>(first), addresses->end());
  Status failure;
  for (const io::SocketAddress& address : *addresses) {
    StatusOr<std::unique_ptr<io::TcpStream>> stream = co_await io::Connect(reactor, address, wait);
    if (stream.ok()) co_return stream;
    failure = stream.status();
  }
  co_return failure;
}

Task<StatusOr<StreamPtr>> Secure(StreamPtr stream, const ServerOptions& options, Wait wait) {
  auto secured = std::make_unique<tls::TlsStream>(std::move(stream), options.tls);
  Status shaken = co_await secured->Handshake(wait);
  if (shaken.ok()) co_return secured;
  if (IsTimeout(shaken) || IsCancelled(shaken)) co_return StatusBuilder(shaken) << "TLS";
  co_return absl::UnavailableError(StrCat("TLS: ", secured->failure().text));
}

// One command and its reply, before anybody else may use the connection.
Task<StatusOr<Reply>> Ask(io::Stream& stream, Arguments arguments, Wait wait) {
  std::string command;
  AppendCommand(arguments, command);
  const std::string_view pieces[] = {command};
  Status written = co_await stream.Write(pieces, wait);
  CO_RETURN_IF_ERROR(written);
  ReplyParser parser;
  while (true) {
    StatusOr<Chunk> chunk = co_await stream.Read(BlockPool::kSmall, wait);
    CO_RETURN_IF_ERROR(chunk.status());
    if (chunk->empty()) co_return absl::UnavailableError("closed by the server");
    std::string_view bytes = chunk->view();
    Reply reply;
    ReplyParser::Progress progress = parser.Parse(bytes, reply);
    if (progress == ReplyParser::Progress::kNeedMore) continue;
    if (progress == ReplyParser::Progress::kError) co_return absl::UnavailableError(StrCat("got ", parser.error()));
    if (!bytes.empty()) co_return absl::UnavailableError("got a reply to nothing");
    co_return reply;
  }
}

Task<Status> Expect(io::Stream& stream, Arguments arguments, std::string_view expected, Wait wait) {
  const std::string step(arguments.front());
  StatusOr<Reply> reply = co_await Ask(stream, std::move(arguments), wait);
  if (!reply.ok()) co_return StatusBuilder(reply.status()) << step;
  if (reply->kind == Reply::Kind::kStatus && reply->text == expected) co_return absl::OkStatus();
  if (reply->kind != Reply::Kind::kError) co_return absl::UnavailableError(StrCat(step, ": got another answer"));
  co_return absl::UnavailableError(StrCat(step, ": refused with ", ErrorWord(reply->text)));
}

// The last step: as fast as callers will want their answers.
Task<Status> Prove(io::Reactor& reactor, io::Stream& stream, const ServerOptions& options, Wait wait) {
  Arguments ping = {"PING"};
  TimePoint asked = reactor.Now();
  Status alive = co_await Expect(stream, std::move(ping), "PONG", wait);
  CO_RETURN_IF_ERROR(alive);
  if (reactor.Now() - asked <= options.patience) co_return absl::OkStatus();
  auto milliseconds = [](Duration time) { return time / std::chrono::milliseconds(1); };
  co_return absl::UnavailableError(StrCat("PING: answered after ", milliseconds(reactor.Now() - asked),
                                          " ms, later than the timeout of ", milliseconds(options.patience), " ms"));
}

Task<Status> Introduce(io::Stream& stream, const ServerOptions& options, Wait wait) {
  if (!options.password.empty()) {
    Arguments auth = {"AUTH", options.user, options.password};
    if (options.user.empty()) auth.erase(auth.begin() + 1);
    Status known = co_await Expect(stream, std::move(auth), "OK", wait);
    CO_RETURN_IF_ERROR(known);
  }
  if (options.database != 0) {
    const std::string number = std::to_string(options.database);
    Arguments select = {"SELECT", number};
    Status selected = co_await Expect(stream, std::move(select), "OK", wait);
    CO_RETURN_IF_ERROR(selected);
  }
  co_return absl::OkStatus();
}

}  // namespace

StatusOr<ServerAddress> ServerAddress::Parse(std::string_view text) {
  StatusOr<io::SocketAddress> literal = io::SocketAddress::Parse(text);
  if (literal.ok()) return ServerAddress{std::string(text), *std::move(literal), "", 0};
  std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos || text.find_first_of("[]/:") < colon) return literal.status();
  std::string_view digits = text.substr(colon + 1);
  std::uint16_t port = 0;
  auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (colon == 0 || error != std::errc() || end != digits.data() + digits.size() || port == 0) {
    return absl::InvalidArgumentError("must be a host and a port between 1 and 65535, such as redis.example:6379");
  }
  return ServerAddress{std::string(text), std::nullopt, std::string(text.substr(0, colon)), port};
}

Task<StatusOr<StreamPtr>> Dial(io::Reactor& reactor, const ServerOptions& options, Wait wait) {
  StatusOr<StreamPtr> stream = co_await Connect(reactor, options, wait);
  if (stream.ok() && options.tls != nullptr) stream = co_await Secure(*std::move(stream), options, wait);
  CO_RETURN_IF_ERROR(stream.status());
  Status introduced = co_await Introduce(**stream, options, wait);
  CO_RETURN_IF_ERROR(introduced);
  Status proven = co_await Prove(reactor, **stream, options, wait);
  CO_RETURN_IF_ERROR(proven);
  co_return stream;
}

std::string_view ErrorWord(std::string_view error) {
  std::string_view word = error.substr(0, error.find(' '));
  for (std::string_view known : kErrorWords) {
    if (word == known) return known;
  }
  return "an error";
}

}  // namespace penstock::redis
