#include "dataplane/downstream/opening.h"

#include "dataplane/http/h2/server_connection.h"
#include "dataplane/io/reactor/reactor.h"

namespace penstock::downstream {
namespace {

constexpr std::string_view kPreface = http::h2::ServerConnection::kPreface;

}  // namespace

Opening::Opening(Connection& connection)
    : connection_(connection), stream_(connection.stream()), waiting_(&connection.downstream().life()) {}

Task<Chunk> Opening::Read() {
  io::Reactor& reactor = stream_.reactor();
  if (connection_.downstream().draining()) OnDrain();
  Wait wait{After(reactor.Now(), connection_.settings().first_byte_timeout), &waiting_};
  Chunk opening;
  while (opening.size() < kPreface.size() && kPreface.starts_with(opening.view())) {
    StatusOr<Chunk> bytes = co_await stream_.Read(BlockPool::kMedium, wait);
    if (!bytes.ok() || bytes->empty()) co_return Chunk();
    opening.Append(reactor.blocks(), bytes->view());
  }
  co_return opening;
}

bool Opening::SpeaksHttp2(const Chunk& opening) { return opening.view().starts_with(kPreface); }

void Opening::OnDrain() {
  io::Reactor& reactor = stream_.reactor();
  Arm(reactor.timers(), After(reactor.Now(), Downstream::kIdleInDrain));
}

}  // namespace penstock::downstream
