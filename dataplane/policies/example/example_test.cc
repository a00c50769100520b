#include <gtest/gtest.h>

#include "dataplane/policies/condition/testing.h"
#include "dataplane/policies/example/example_policy.h"
#include "google/protobuf/wrappers.pb.h"

namespace penstock::policies {
namespace {

absl::StatusOr<PolicyConfigPtr> Compile(const std::string& value) {
  google::protobuf::StringValue message;
  message.set_value(value);
  google::protobuf::Any any;
  any.PackFrom(message);
  return ExampleConfig::CompileAny(any);
}

TEST(Example, RefusesARequestWithoutTheField) {
  auto config = std::static_pointer_cast<const ExampleConfig>(*Compile("x-reason"));
  ExamplePolicy policy(config);
  struct Row {
    TestRequest request;
    bool allowed;
  };
  const Row rows[] = {
      {{.fields = {{"x-reason", "tests"}}}, true},
      {{.fields = {{"x-other", "tests"}}}, false},
      {{}, false},
  };
  for (const Row& row : rows) {
    TestExchange live(row.request);
    EXPECT_EQ(RunReady(policy.OnRequest(*live)).is_reply(), !row.allowed);
    TestExchange explained(row.request);
    Judgement judgement = config->Judge(*explained, NoFacts());
    EXPECT_EQ(judgement.outcome == Judgement::Outcome::kPass, row.allowed) << judgement.why;
  }
}

TEST(Example, RefusesWhatIsNoField) {
  for (const char* bad : {"", "a b", "X-Reason", "a\n"}) EXPECT_FALSE(Compile(bad).ok()) << bad;
}

}  // namespace
}  // namespace penstock::policies
