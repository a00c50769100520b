// An answer of a service that is kept costs nothing of the heap and no coroutine.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <new>

#include "dataplane/policies/external_auth/testing.h"

namespace {
std::atomic<size_t> allocations{0};
}  // namespace

void* operator new(size_t size) {
  allocations.fetch_add(1, std::memory_order_relaxed);
  void* memory = std::malloc(size);
  if (memory == nullptr) std::abort();
  return memory;
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, size_t) noexcept { std::free(memory); }

namespace penstock::policies {
namespace {

const TestRequest kRequest{
    .path = "/orders/of/somebody",
    .fields = {{"authorization", "Bearer of more than a few characters"}, {"cookie", "session=7"}}};

class KeptAnswer : public ExternalAuthFixture {
 protected:
  // A request that finds the answer that another one left: how often the heap was asked.
  size_t Hit() {
    TestExchange first(kRequest);
    Ask(first);
    TestExchange x(kRequest);
    x->services = &services;
    x->arena.Allocate(1);  // its first block
    size_t before = allocations.load();
    Task<Verdict> task = policy->OnRequest(*x);
    size_t used = allocations.load() - before;
    EXPECT_TRUE(task.ready());
    EXPECT_EQ(service.calls, 1);
    return used;
  }
};

constexpr char kKept[] = "request_headers: ['authorization', 'cookie'] cache_ttl { seconds: 5 } ";

TEST_F(KeptAnswer, OfHttpTakesNothingFromTheHeap) {
  Configure(std::string(kKept) + "backend_headers: 'x-user-id'");
  service.answer.status = 200;
  service.answer.fields.Add("x-user-id", "somebody with more than a few characters");
  EXPECT_EQ(Hit(), 0u);
}

TEST_F(KeptAnswer, OfGrpcTakesNothingFromTheHeap) {
  Configure(std::string(kKept) + "protocol: GRPC");
  service.Say("status { code: 7 } denied_response { body: 'more than a few characters, as refusals have' }");
  EXPECT_EQ(Hit(), 0u);
}

}  // namespace
}  // namespace penstock::policies
