#include "test/integration/layer4/layer4_fixture.h"

#include <fcntl.h>

#include "dataplane/base/strings.h"

namespace penstock::test {

namespace t = snapshot::testing;

uint16_t FreePort(const std::string& ip) {
  io::SocketAddress any = io::SocketAddress::Ip(*IpAddress::Parse(ip), 0);
  StatusOr<io::Fd> probe = io::Listen(any, {});
  return io::BoundAddress(*probe)->port();
}

ByteUpstream::ByteUpstream(io::Reactor& reactor, const std::string& address)
    : reactor_(reactor),
      listener_(*io::Listener::Create(reactor, *io::Listen(*io::SocketAddress::Parse(address), {}))) {}

std::string ByteUpstream::AsEndpoint(int weight) const {
  std::string where = address().is_unix()
                          ? StrCat("address: '", address().ToString(), "'")
                          : StrCat("address: '", address().ip().ToString(), "' port: ", address().port());
  return StrCat("endpoints { ", where, " weight: ", weight, " } ");
}

bool ByteUpstream::HasConnection() {
  if (waiting_ == nullptr) waiting_ = listener_->AcceptWaiting();
  return waiting_ != nullptr;
}

Layer4Test::Layer4Test(const Clock* clock) : gateway_(clock) { gateway_.proxy().log = &log_; }

void Layer4Test::Serve(const Setup& setup) { Serve(setup, {}); }

void Layer4Test::Serve(const Setup& setup, std::vector<snapshot::Resource> more) {
  ip_ = setup.ip;
  if (port_ == 0) port_ = FreePort(ip_);
  more.push_back(t::Listener("edge/gw/l4", StrCat("addresses: '", ip_, "' port: ", port_, " ", setup.listener)));
  more.push_back(t::Cluster("up", setup.cluster));
  more.push_back(t::Endpoints("up", setup.endpoints));
  if (!setup.route.empty()) {
    std::string attachment = StrCat("attachments { listener: 'edge/gw/l4' ", setup.attachment, " }");
    more.push_back(t::Route("edge/route", StrCat(attachment, " rules { ", setup.route, " }")));
  }
  gateway_.Serve(std::move(more));
}

// Connected before the gateway gets a turn: it may reset the connection in its first.
StreamPtr Layer4Test::Connect() {
  io::SocketAddress address = io::SocketAddress::Ip(*IpAddress::Parse(ip_), port_);
  io::Fd fd(socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
  EXPECT_EQ(connect(fd.get(), address.raw(), address.raw_length()), 0);
  fcntl(fd.get(), F_SETFL, O_NONBLOCK);
  return *io::TcpStream::Create(gateway_.reactor(), std::move(fd), address);
}

std::string Layer4Test::Read(io::Stream& stream, size_t max) {
  StatusOr<Chunk> chunk = gateway_.reactor().BlockOn(stream.Read(max, Wait{}));
  return chunk.ok() ? std::string(chunk->view()) : std::string(absl::StatusCodeToString(chunk.status().code()));
}

std::string Layer4Test::ReadAtLeast(io::Stream& stream, size_t bytes) {
  std::string all;
  while (all.size() < bytes) {
    StatusOr<Chunk> chunk = gateway_.reactor().BlockOn(stream.Read(BlockPool::kLarge, Wait{}));
    if (!chunk.ok() || chunk->empty()) break;
    all += chunk->view();
  }
  return all;
}

void Layer4Test::Write(io::Stream& stream, std::string_view bytes) {
  std::string_view pieces[] = {bytes};
  EXPECT_TRUE(gateway_.reactor().BlockOn(stream.Write(pieces, Wait{})).ok());
}

bool Layer4Test::WasReset(io::Stream& stream) { return Read(stream) == "ABORTED"; }

void Layer4Test::Settle() {
  for (int i = 0; i < 50; ++i) gateway_.reactor().Turn(Duration(0));
}

std::string Layer4Test::NextLogLine() {
  auto take = [this] {
    telemetry::AccessLogRing::Readable readable = ring_.Peek();
    lines_ += readable.first;
    lines_ += readable.second;
    ring_.Consume(readable.size());
    return lines_.find('\n') != lines_.npos;
  };
  EXPECT_TRUE(gateway_.RunUntil(take)) << "no line was logged";
  std::string line = lines_.substr(0, lines_.find('\n'));
  lines_.erase(0, line.size() + 1);
  return line;
}

telemetry::RouteCells& Layer4Test::RouteCells(std::string_view route) {
  return gateway_.proxy().stats.Route("edge/gw/l4", route);
}

}  // namespace penstock::test
