#include "test/integration/http1/test_gateway.h"

#include <gtest/gtest.h>

#include "dataplane/base/strings.h"
#include "dataplane/http/h1/chunked.h"
#include "dataplane/http/h1/head_parser.h"

namespace penstock::test {
namespace {

std::vector<std::string> ReasonNames() {
  std::vector<std::string> names;
  for (size_t i = 0; i < static_cast<size_t>(Reason::kCount); ++i) names.emplace_back(NameOf(static_cast<Reason>(i)));
  return names;
}

// Reads the content that HEAD frames off STREAM; REST is what was read behind the head.
Task<std::string> ReadContent(io::TcpStream& stream, const http::RequestHead& head, std::string& rest, std::string& raw,
                              Wait wait) {
  std::string content;
  http::h1::ChunkedDecoder decoder(http::h1::HeadLimits{});
  uint64_t left = head.framing.length;
  bool chunked = head.framing.kind == http::Framing::Kind::kChunked;
  bool done = !head.framing.HasBody();
  while (!done) {
    while (!rest.empty() && !done) {
      if (chunked) {
        http::h1::ChunkedDecoder::Step step = decoder.Next(rest);
        content += step.data;
        rest.erase(0, step.consumed);
        done = step.progress != http::h1::Progress::kNeedMore;
      } else {
        size_t n = std::min<uint64_t>(left, rest.size());
        content += rest.substr(0, n);
        rest.erase(0, n);
        left -= n;
        done = left == 0;
      }
    }
    if (done) break;
    StatusOr<Chunk> more = co_await stream.Read(BlockPool::kLarge, wait);
    if (!more.ok() || more->empty()) break;
    rest += more->view();
    raw += more->view();
  }
  co_return content;
}

}  // namespace

FakeUpstream::FakeUpstream(io::Reactor& reactor) : reactor_(reactor) {
  StatusOr<io::Fd> socket = io::Listen(*io::SocketAddress::Parse("127.0.0.1:0"), {});
  listener_ = *io::Listener::Create(reactor, *std::move(socket));
  reactor_.Spawn(Accept(*this));
}

FakeUpstream::~FakeUpstream() {
  life_.Cancel();
  listener_->Close();
  for (int i = 0; i < 10; ++i) reactor_.Turn(Duration(0));
}

Task<void> FakeUpstream::Accept(FakeUpstream& self) {
  while (true) {
    StatusOr<std::unique_ptr<io::TcpStream>> stream = co_await self.listener_->Accept(Wait{});
    if (!stream.ok()) co_return;
    ++self.connections;
    self.reactor_.Spawn(Serve(self, *std::move(stream)));
  }
}

Task<void> FakeUpstream::Serve(FakeUpstream& self, std::unique_ptr<io::TcpStream> stream) {
  size_t index = self.raw.size();
  self.raw.emplace_back();
  std::string rest;
  Wait wait{kNoDeadline, &self.life_};
  while (true) {
    http::h1::RequestParser parser(http::h1::HeadLimits{});
    http::RequestHead head;
    std::string bytes = rest;
    http::h1::Progress progress = http::h1::Progress::kNeedMore;
    while (progress == http::h1::Progress::kNeedMore) {
      progress = parser.Parse({bytes.data(), bytes.size()}, head);
      if (progress != http::h1::Progress::kNeedMore) break;
      StatusOr<Chunk> more = co_await stream->Read(BlockPool::kMedium, wait);
      if (!more.ok() || more->empty()) co_return;
      bytes += more->view();
      self.raw[index] += more->view();
    }
    if (progress == http::h1::Progress::kError) co_return;
    rest = bytes.substr(parser.consumed());
    self.requests.push_back(bytes.substr(0, parser.consumed()));
    size_t request = self.requests.size() - 1;
    Script script = self.script;
    if (script.read_content) {
      std::string content = co_await ReadContent(*stream, head, rest, self.raw[index], wait);
      self.requests[request] += content;
    }
    if (script.silent) {
      StatusOr<Chunk> forever = co_await stream->Read(BlockPool::kMedium, wait);
      co_return;
    }
    std::string_view pieces[] = {script.response};
    Status written = co_await stream->Write(pieces, wait);
    if (script.reset_after) stream->Reset();
    if (!written.ok() || script.close_after || script.reset_after) co_return;
  }
}

TestGateway::TestGateway(const Clock* clock, size_t most_handshakes)
    : reactor_(*io::Reactor::Create({.clock = clock, .seed = 1})),
      resolver_(*io::Resolver::Create(*reactor_, {})),
      registry_({.workers = 1, .reasons = ReasonNames()}),
      stats_(registry_, 0, registry_.Update(nullptr, {}, {})) {
  upstreams_ = std::make_unique<upstream::Upstreams>(*reactor_, *resolver_, limits_, stats_);
  proxy_.reset(new proxy::Proxy{.reactor = *reactor_, .upstreams = *upstreams_, .stats = stats_});
  downstream_ = std::make_unique<downstream::Downstream>(*proxy_, connection_limit_, most_handshakes);
}

TestGateway::~TestGateway() {
  downstream_->StopListeningEverywhere();
  downstream_->Abort();
  upstreams_->Stop();
  EXPECT_TRUE(RunUntil([&] { return downstream_->connections() == 0 && reactor_->tasks() == 0; }));
  EXPECT_EQ(downstream_->exchanges().lent(), 0u);
  downstream_.reset();
  proxy_.reset();
  upstreams_.reset();
}

void TestGateway::Serve(std::vector<snapshot::Resource> resources) {
  // Upstreams tell generations apart by their number, whose commit record needs to know what is in them.
  namespace t = snapshot::testing;
  auto content = t::MustCompile(nullptr, {.upserts = resources, .removals = {}, .generation = {}});
  auto generation = std::make_unique<proxy::Generation>();
  generation->snapshot = t::MustCompile(nullptr, {.upserts = std::move(resources),
                                                  .removals = {},
                                                  .generation = t::GenerationOf(*content, generations_.size() + 1)});
  telemetry::SeriesNames names;
  generation->snapshot->ForEachListener([&](const auto& listener) {
    names.listeners.push_back(listener->name);
    names.routes.push_back({listener->name, ""});
    generation->snapshot->ForEachRoute(
        [&](const auto& route) { names.routes.push_back({listener->name, route->name}); });
  });
  generation->snapshot->ForEachCluster([&](const auto& cluster) { names.clusters.push_back(cluster->name); });
  generation->series = registry_.Update(nullptr, names, {});
  generation->policies = policies;
  std::vector<snapshot::ResourceProblem> problems;
  generation->tls = proxy::TlsContexts::Prepare(*generation->snapshot, tls_material_, problems);
  ASSERT_TRUE(problems.empty()) << snapshot::testing::Text(problems);
  generation->holders = 1;
  downstream::OpenedPlaces opened = listen_set_.Open(generation->snapshot->bind_keys());
  ASSERT_TRUE(opened.failures.empty()) << opened.failures[0].why;
  std::vector<snapshot::BindKey> keys = generation->snapshot->bind_keys();
  proxy_->Publish(*generation);
  generations_.push_back(std::move(generation));
  for (downstream::PlaceSockets& place : opened.places) {
    port_ = place.address.port();
    ASSERT_TRUE(downstream_->Listen(place.key, std::move(place.sockets[0]), place.load, place.file).ok());
  }
  downstream_->StartAccepting();
  for (const snapshot::BindKey& gone : listen_set_.Keep(keys)) downstream_->StopListening(gone);
}

uint16_t TestGateway::ChoosePort() {
  StatusOr<io::Fd> probe = io::Listen(*io::SocketAddress::Parse("127.0.0.1:0"), {});
  port_ = io::BoundAddress(*probe)->port();
  return port_;
}

void TestGateway::LogTo(const std::string& path) {
  access_log_ = *telemetry::AccessLog::Open({path}, registry_);
  proxy_->log = access_log_->writer(0);
}

size_t TestGateway::Reclaim() {
  std::erase_if(generations_, [](const auto& generation) { return generation->holders.load() == 0; });
  return generations_.size();
}

void TestGateway::ServeShop(uint16_t upstream_port, const std::string& rules, const std::string& client_settings) {
  if (port_ == 0) ChoosePort();
  namespace t = snapshot::testing;
  Serve({t::Listener("shop/web/http", StrCat("port: ", port_, " client { reason_header: true ", client_settings, " }")),
         t::Cluster("up"),
         t::Endpoints("up", StrCat("endpoints { address: '127.0.0.1' port: ", upstream_port, " weight: 1 }")),
         t::Route("shop/all", StrCat("attachments { listener: 'shop/web/http' } ", rules))});
}

std::unique_ptr<io::TcpStream> TestGateway::Connect() {
  io::SocketAddress address = io::SocketAddress::Ip(*IpAddress::Parse("127.0.0.1"), port_);
  return *reactor_->BlockOn(io::Connect(*reactor_, address, Wait{}));
}

std::string TestGateway::Send(std::string_view bytes) {
  std::unique_ptr<io::TcpStream> stream = Connect();
  WriteTo(*stream, bytes);
  return ReadUntil(*stream, "\x01 never");
}

std::string TestGateway::ReadUntil(io::TcpStream& stream, std::string_view end) {
  std::string text;
  while (!std::string_view(text).ends_with(end)) {
    StatusOr<Chunk> bytes = reactor_->BlockOn(stream.Read(BlockPool::kLarge, Wait{}));
    if (!bytes.ok() || bytes->empty()) break;
    text += bytes->view();
  }
  return text;
}

void TestGateway::WriteTo(io::Stream& stream, std::string_view bytes) {
  std::string_view pieces[] = {bytes};
  Status status = reactor_->BlockOn(stream.Write(pieces, Wait{}));
}

bool TestGateway::RunUntil(const std::function<bool()>& done) {
  for (int i = 0; i < 10000 && !done(); ++i) reactor_->Turn(std::chrono::milliseconds(1));
  return done();
}

ProgramEnd TestGateway::Run(const std::vector<std::string>& command, const std::string& input) {
  return RunProgram(command, input, [this](const std::function<bool()>& done) { return RunUntil(done); });
}

}  // namespace penstock::test
