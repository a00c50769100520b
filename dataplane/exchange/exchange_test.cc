#include "dataplane/exchange/exchange.h"

#include <set>
#include <string>

#include "dataplane/exchange/policy.h"
#include "gtest/gtest.h"

namespace penstock {
namespace {

struct Witness {
  explicit Witness(int& destroyed) : destroyed(destroyed) {}
  ~Witness() { ++destroyed; }
  int& destroyed;
};

TEST(Exchange, DestroysWhatItOwnsWhenItEnds) {
  BlockPool blocks;
  ExchangePool pool(&blocks);
  int destroyed = 0;
  {
    ExchangePool::Lease x = pool.Get();
    x->Own<Witness>(destroyed);
    x->Own<Witness>(destroyed);
    EXPECT_EQ(destroyed, 0);
  }
  EXPECT_EQ(destroyed, 2);
  EXPECT_EQ(pool.lent(), 0u);
}

TEST(Exchange, ComesBackEmptyFromThePool) {
  BlockPool blocks;
  ExchangePool pool(&blocks);
  Exchange* first;
  {
    ExchangePool::Lease x = pool.Get();
    first = x.get();
    x->request.headers.Add("a", "b");
    x->route = "default/users";
    x->reason = Reason::kNoRoute;
    x->tries = 3;
    x->slots[2] = first;
  }
  ExchangePool::Lease x = pool.Get();
  EXPECT_EQ(x.get(), first);
  EXPECT_TRUE(x->request.headers.empty());
  EXPECT_EQ(x->route, "");
  EXPECT_EQ(x->reason, Reason::kNone);
  EXPECT_EQ(x->tries, 0u);
  EXPECT_EQ(x->slots[2], nullptr);
  EXPECT_EQ(x->request_body, &x->no_body);
}

TEST(Exchange, UnescapesAPathOnceAndAnotherPathAnew) {
  BlockPool blocks;
  Exchange x(&blocks);
  x.request.path = "/a%3Ab";
  EXPECT_EQ(x.UnescapedPath(), "/a:b");
  EXPECT_EQ(x.UnescapedPath().data(), x.UnescapedPath().data());
  x.request.path = "/c%40";
  EXPECT_EQ(x.UnescapedPath(), "/c@");
  x.Clear();
  EXPECT_EQ(x.UnescapedPath(), "");
}

TEST(Reason, HasANameOfItsOwnAndAnExplanation) {
  std::set<std::string_view> names;
  for (int i = 1; i < static_cast<int>(Reason::kCount); ++i) {
    const ReasonRow& row = RowOf(static_cast<Reason>(i));
    EXPECT_TRUE(names.insert(row.name).second) << row.name;
    EXPECT_FALSE(row.help.empty()) << row.name;
    EXPECT_TRUE(row.status == 0 || row.status >= 300) << row.name;
  }
}

TEST(Policy, ContinuesWithoutACoroutineByDefault) {
  Policy policy;
  Exchange x(nullptr);
  Verdict verdict = RunReady(policy.OnRequest(x));
  EXPECT_FALSE(verdict.is_reply());
}

}  // namespace
}  // namespace penstock
