#include "dataplane/fetch/get.h"

#include "dataplane/fetch/private_address.h"
#include "dataplane/fetch/response_reader.h"
#include "dataplane/http/h1/writer.h"
#include "dataplane/io/net/connect.h"
#include "dataplane/tls/tls_stream.h"

namespace penstock::fetch {
namespace {

using StreamPtr = std::unique_ptr<io::Stream>;

// Reads between two yields, so that one fast server does not hold the thread.
constexpr int kReadsPerTurn = 16;

Status Unresolved(const Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kCancelled:
      return status;
    case absl::StatusCode::kNotFound:
      return absl::NotFoundError("the name does not exist or has no address");
    case absl::StatusCode::kDeadlineExceeded:
      return absl::DeadlineExceededError("the name was not resolved in time");
    default:
      return absl::UnavailableError("no name server gave an answer");
  }
}

StatusOr<std::vector<IpAddress>> AllowedOf(io::DnsAnswer answer, const Source& source) {
  std::vector<IpAddress> allowed = std::move(answer.addresses);
  if (!source.allow_private_addresses) std::erase_if(allowed, IsPrivate);
  if (allowed.empty()) {
    return absl::PermissionDeniedError("resolves to a private address; allowPrivateAddresses");
  }
  if (allowed.size() > kMaxAddresses) allowed.resize(kMaxAddresses);
  return allowed;
}

Task<StatusOr<StreamPtr>> ConnectToOneOf(io::Reactor& reactor, std::vector<IpAddress> addresses, std::uint16_t port,
                                         Wait wait) {
  Status failed;
  for (size_t i = 0; i < addresses.size(); ++i) {
    Duration share = (wait.deadline - reactor.Now()) / static_cast<std::int64_t>(addresses.size() - i);
    Wait turn = wait.Until(After(reactor.Now(), share));
    io::SocketAddress address = io::SocketAddress::Ip(addresses[i], port);
    StatusOr<std::unique_ptr<io::TcpStream>> stream = co_await io::Connect(reactor, address, turn);
    if (stream.ok()) co_return *std::move(stream);
    failed = stream.status();
    if (IsCancelled(failed)) break;
  }
  co_return failed;
}

Task<StatusOr<StreamPtr>> Connect(io::Reactor& reactor, io::Resolver& resolver, const Source& source, Wait wait) {
  StatusOr<io::DnsAnswer> answer = co_await resolver.Resolve(source.uri.host, wait);
  if (!answer.ok()) co_return Unresolved(answer.status());
  CO_ASSIGN_OR_RETURN(std::vector<IpAddress> addresses, AllowedOf(*std::move(answer), source));
  StatusOr<StreamPtr> stream = co_await ConnectToOneOf(reactor, std::move(addresses), source.uri.port, wait);
  co_return stream;
}

Task<StatusOr<StreamPtr>> Secure(StreamPtr stream, const Source& source, Wait wait) {
  auto secured = std::make_unique<tls::TlsStream>(std::move(stream), source.tls);
  Status shaken = co_await secured->Handshake(wait);
  if (shaken.ok()) co_return secured;
  co_return Status(shaken.code(), ToAbsl(StrCat("TLS: ", secured->failure().text)));
}

std::string RequestTo(const Uri& uri) {
  http::RequestHead head;
  head.method = http::Method::kGet;
  head.method_text = "GET";
  head.authority = uri.authority;
  std::string_view target = uri.target;
  size_t question = target.find('?');
  head.path = target.substr(0, question);
  head.has_query = question != target.npos;
  if (head.has_query) head.query = target.substr(question + 1);
  head.headers.Add("accept", "application/json, */*;q=0.1");
  head.headers.Add("user-agent", "penstock");
  std::string bytes(http::h1::HeadSize(head), '\0');
  size_t size = http::h1::WriteRequestHead(head, true, bytes);
  PENSTOCK_CHECK(size > 0, "a parsed URI holds nothing that a request may not");
  bytes.resize(size);
  return bytes;
}

Status BrokenOff(const Status& status, const io::Stream& stream) {
  if (IsCancelled(status)) return status;
  if (IsTimeout(status)) return absl::DeadlineExceededError("the answer did not come in time");
  if (!stream.refusal().empty()) return absl::UnavailableError(ToAbsl(StrCat("TLS: ", stream.refusal())));
  return absl::UnavailableError("the answer broke off");
}

Task<StatusOr<std::string>> ReadContent(io::Reactor& reactor, io::Stream& stream, size_t max_bytes, Wait wait) {
  ResponseReader reader(max_bytes);
  for (int reads = 1; !reader.done(); ++reads) {
    if (reads % kReadsPerTurn == 0) co_await reactor.Yield();
    StatusOr<Chunk> chunk = co_await stream.Read(BlockPool::kMedium, wait);
    if (!chunk.ok()) co_return BrokenOff(chunk.status(), stream);
    Status taken = chunk->empty() ? reader.End() : reader.Take(chunk->view());
    if (!taken.ok()) co_return taken;
  }
  co_return reader.TakeContent();
}

Task<StatusOr<std::string>> Ask(io::Reactor& reactor, io::Resolver& resolver, const Source& source, Wait wait) {
  StatusOr<StreamPtr> stream = co_await Connect(reactor, resolver, source, wait);
  if (stream.ok() && source.tls != nullptr) stream = co_await Secure(*std::move(stream), source, wait);
  if (!stream.ok()) co_return stream.status();
  std::string request = RequestTo(source.uri);
  std::string_view pieces[] = {request};
  Status sent = co_await (*stream)->Write(pieces, wait);
  if (!sent.ok()) co_return BrokenOff(sent, **stream);
  StatusOr<std::string> content = co_await ReadContent(reactor, **stream, source.max_bytes, wait);
  co_return content;
}

}  // namespace

Task<StatusOr<std::string>> Get(io::Reactor& reactor, io::Resolver& resolver, const Source& source, Wait wait) {
  StatusOr<std::string> content = co_await Ask(reactor, resolver, source, wait);
  if (content.ok() && source.check != nullptr) {
    Status checked = source.check(*content);
    if (!checked.ok()) content = checked;
  }
  if (content.ok() || IsCancelled(content.status())) co_return content;
  co_return StatusBuilder(content.status()) << source.uri.authority;
}

}  // namespace penstock::fetch
