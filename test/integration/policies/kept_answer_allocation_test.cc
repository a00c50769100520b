// An answer of a service that is kept costs nothing of the heap and no coroutine.
#include <gtest/gtest.h>

#include "dataplane/policies/external_auth/testing.h"
#include "test/support/allocations.h"

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
    size_t before = test::Allocations();
    Task<Verdict> task = policy->OnRequest(*x);
    size_t used = test::Allocations() - before;
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
