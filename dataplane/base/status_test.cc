#include "dataplane/base/status.h"

#include "dataplane/base/task.h"
#include "gtest/gtest.h"

namespace penstock {
namespace {

StatusOr<int> Positive(int value) {
  if (value <= 0) return absl::InvalidArgumentError("not positive");
  return value;
}

StatusOr<int> Sum(int a, int b) {
  ASSIGN_OR_RETURN(int x, Positive(a));
  ASSIGN_OR_RETURN(int y, Positive(b), _ << "allow[" << 1 << "]");
  return x + y;
}

Status Check(int value) {
  RETURN_IF_ERROR(Positive(value)) << "value " << value;
  return absl::OkStatus();
}

Task<StatusOr<int>> SumLater(int a, int b) {
  CO_ASSIGN_OR_RETURN(int x, Positive(a), _ << "first");
  CO_RETURN_IF_ERROR(Check(b));
  co_return x + b;
}

TEST(Status, ReturnsEarlyWithContext) {
  EXPECT_EQ(*Sum(1, 2), 3);
  EXPECT_EQ(Sum(0, 2).status().message(), "not positive");
  EXPECT_EQ(Sum(1, 0).status(), absl::InvalidArgumentError("allow[1]: not positive"));
  EXPECT_EQ(Check(-1).message(), "value -1: not positive");
  EXPECT_TRUE(Check(1).ok());
}

TEST(Status, ReturnsEarlyFromACoroutine) {
  EXPECT_EQ(*RunReady(SumLater(1, 2)), 3);
  EXPECT_EQ(RunReady(SumLater(0, 2)).status().message(), "first: not positive");
  EXPECT_EQ(RunReady(SumLater(1, -2)).status().message(), "value -2: not positive");
}

TEST(Status, KeepsPayloads) {
  Status error = absl::InternalError("x");
  error.SetPayload("type", absl::Cord("detail"));
  Status built = StatusBuilder(error) << "context";
  EXPECT_EQ(built.GetPayload("type"), absl::Cord("detail"));
}

}  // namespace
}  // namespace penstock
