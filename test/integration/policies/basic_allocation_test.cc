// A user whose password is known costs a request nothing of the heap and no coroutine.
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "dataplane/io/reactor/reactor.h"
#include "dataplane/policies/basic/basic_policy.h"
#include "dataplane/policies/condition/testing.h"
#include "test/support/allocations.h"

namespace penstock::policies {
namespace {

struct OneFile final : SecretSource {
  StatusOr<std::string> Read(std::string_view, std::string_view) const override {
    return std::string("myName:$2y$05$c4WoMPo3SXsafkva.HHa6uXQZWr7oboPiC2bT/r7q1BB8I2s0BRqC\n");
  }
};

TEST(Basic, TakesNothingFromTheHeapForWhatIsKnown) {
  passwords::Checker checker(passwords::Checker::For(1));
  std::unique_ptr<io::Reactor> reactor = *io::Reactor::Create();
  Services services;
  services.reactor = reactor.get();
  OneFile secrets;
  Runtime runtime;
  Material material{secrets, runtime};
  material.passwords = &checker;
  xds::v1::BasicAuthentication message;
  message.set_secret("people");
  message.set_namespace_("a namespace of more than a few characters");
  message.set_strip_credentials(true);
  std::shared_ptr<const Policy> policy = *BasicPolicy::Make(*BasicConfig::Compile(message), material);
  // myName:myPassword, myName:another, nobody:myPassword
  for (const char* value :
       {"Basic bXlOYW1lOm15UGFzc3dvcmQ=", "Basic bXlOYW1lOmFub3RoZXI=", "Basic bm9ib2R5Om15UGFzc3dvcmQ="}) {
    for (bool known : {false, true}) {
      TestRequest request{.fields = {{"authorization", value}}};
      TestExchange x(request);
      x->services = &services;
      x->time.started = reactor->Now();
      x->arena.Allocate(1);  // its first block
      size_t before = test::Allocations();
      Task<Verdict> task = policy->OnRequest(*x);
      size_t used = test::Allocations() - before;
      EXPECT_EQ(task.ready(), known) << value;
      if (known) {
        EXPECT_EQ(used, 0u) << value;
      } else {
        reactor->BlockOn(std::move(task));
      }
    }
  }
}

}  // namespace
}  // namespace penstock::policies
