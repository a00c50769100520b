#include "test/integration/upgrade/tunnel_fixture.h"

namespace penstock::test {

RawUpstream::RawUpstream(TestGateway& gateway)
    : gateway_(gateway),
      listener_(*io::Listener::Create(gateway.reactor(), *io::Listen(*io::SocketAddress::Parse("127.0.0.1:0"), {}))) {
  gateway_.reactor().Spawn(AcceptAll(*this));
}

RawUpstream::~RawUpstream() {
  listener_->Close();
  for (int i = 0; i < 10; ++i) gateway_.reactor().Turn(Duration(0));
}

Task<void> RawUpstream::AcceptAll(RawUpstream& self) {
  while (true) {
    StatusOr<std::unique_ptr<io::TcpStream>> stream = co_await self.listener_->Accept(Wait{});
    if (!stream.ok()) co_return;
    ++self.connections_;
    self.waiting_.push_back(*std::move(stream));
  }
}

std::unique_ptr<io::TcpStream> RawUpstream::Take() {
  if (!gateway_.RunUntil([&] { return !waiting_.empty(); })) return nullptr;
  std::unique_ptr<io::TcpStream> stream = std::move(waiting_.front());
  waiting_.erase(waiting_.begin());
  return stream;
}

Task<void> WriteAll(io::TcpStream& stream, std::string_view bytes, Cancellation& stop) {
  std::string_view pieces[] = {bytes};
  Status status = co_await stream.Write(pieces, Wait{kNoDeadline, &stop});
}

Pair TunnelTest::Ask(std::string_view ask) {
  Pair pair;
  pair.client = gateway.Connect();
  Write(*pair.client, ask);
  pair.upstream = upstream.Take();
  asked = ReadHead(*pair.upstream);
  return pair;
}

Pair TunnelTest::Open() {
  Pair pair = Ask();
  Write(*pair.upstream, kSwitch);
  EXPECT_THAT(gateway.ReadUntil(*pair.client, "\r\n\r\n"), ::testing::StartsWith("HTTP/1.1 101 "));
  return pair;
}

std::string TunnelTest::ReadHead(io::TcpStream& stream) {
  std::string head;
  while (!head.ends_with("\r\n\r\n")) {
    std::string more = Read(stream, 1);
    if (more.empty()) break;
    head += more;
  }
  return head;
}

std::string TunnelTest::Read(io::TcpStream& stream, size_t count) {
  std::string text;
  while (text.size() < count) {
    StatusOr<Chunk> bytes = gateway.reactor().BlockOn(stream.Read(count - text.size(), Wait{}));
    if (!bytes.ok() || bytes->empty()) break;
    text += bytes->view();
  }
  return text;
}

void TunnelTest::End(io::TcpStream& stream) {
  Status ended = gateway.reactor().BlockOn(stream.ShutdownWrite(Wait{}));
  EXPECT_TRUE(ended.ok()) << ended;
}

bool TunnelTest::Silent(io::TcpStream& stream) {
  Settle();
  Wait now{gateway.reactor().Now()};
  StatusOr<Chunk> bytes = gateway.reactor().BlockOn(stream.Read(BlockPool::kMedium, now));
  return IsTimeout(bytes.status());
}

std::string TunnelTest::EndOf(io::TcpStream& stream) {
  while (true) {
    StatusOr<Chunk> bytes = gateway.reactor().BlockOn(stream.Read(BlockPool::kLarge, Wait{}));
    if (!bytes.ok()) return std::string(absl::StatusCodeToString(bytes.status().code()));
    if (bytes->empty()) return "";
  }
}

}  // namespace penstock::test
