// In steady state a forwarded request takes nothing from the heap: blocks, frames and exchanges are pooled.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test/integration/http1/test_gateway.h"
#include "test/support/allocations.h"

namespace penstock::test {
namespace {

// Answers requests without content on one connection, without allocating itself.
Task<void> AnswerForever(io::Listener& listener, Cancellation& life) {
  StatusOr<std::unique_ptr<io::TcpStream>> stream = co_await listener.Accept(Wait{kNoDeadline, &life});
  while (stream.ok()) {
    StatusOr<Chunk> request = co_await (*stream)->Read(BlockPool::kMedium, Wait{kNoDeadline, &life});
    if (!request.ok() || request->empty()) co_return;
    std::string_view pieces[] = {"HTTP/1.1 200 OK\r\nServer: x\r\nContent-Length: 2\r\n\r\nok"};
    Status written = co_await (*stream)->Write(pieces, Wait{kNoDeadline, &life});
    if (!written.ok()) co_return;
  }
}

// COUNT requests, one after the other.
Task<bool> Ask(io::TcpStream& client, int count) {
  for (int i = 0; i < count; ++i) {
    std::string_view pieces[] = {
        "GET /users/1?x=y HTTP/1.1\r\nHost: a.test\r\nAccept: */*\r\nUser-Agent: test\r\n\r\n"};
    Status written = co_await client.Write(pieces, Wait{});
    StatusOr<Chunk> response = co_await client.Read(BlockPool::kMedium, Wait{});
    if (!written.ok() || !response.ok() || !response->view().ends_with("ok")) co_return false;
  }
  co_return true;
}

TEST(Allocation, NoneForAForwardedRequestInSteadyState) {
  TestGateway gateway;
  Cancellation life;
  std::unique_ptr<io::Listener> listener =
      *io::Listener::Create(gateway.reactor(), *io::Listen(*io::SocketAddress::Parse("127.0.0.1:0"), {}));
  gateway.reactor().Spawn(AnswerForever(*listener, life));
  gateway.ServeShop(listener->address().port(),
                    "rules { matches { prefix: '/' } filters { request_headers { set { name: 'x-a' value: 'b' } } }"
                    " forward { clusters { cluster: 'up' weight: 1 } } }");
  std::unique_ptr<io::TcpStream> client = gateway.Connect();
  bool warm = gateway.reactor().BlockOn(Ask(*client, 200));
  ASSERT_TRUE(warm);
  size_t before = Allocations();
  bool asked = gateway.reactor().BlockOn(Ask(*client, 1000));
  size_t used = Allocations() - before;
  EXPECT_TRUE(asked);
  EXPECT_LE(used, 2u) << "by the test's own BlockOn";
  life.Cancel();
  gateway.reactor().Turn(Duration(0));
}

}  // namespace
}  // namespace penstock::test
