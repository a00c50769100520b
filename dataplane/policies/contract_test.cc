#include <gtest/gtest.h>

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "dataplane/policies/config_registry.h"
#include "dataplane/policies/examples.h"
#include "dataplane/policies/policy_registry.h"
#include "google/protobuf/any.pb.h"

// What every policy of policies.bzl promises, whatever it does.
namespace penstock::policies {
namespace {

class Contract : public ::testing::TestWithParam<PolicyRow> {
 protected:
  Contract() : policy_(Make()) {}

  // Every Secret is there and holds nothing of use.
  struct SomeSecrets final : SecretSource {
    StatusOr<std::string> Read(std::string_view, std::string_view) const override { return std::string("secret"); }
  };
  std::shared_ptr<const Policy> Make() {
    StatusOr<std::shared_ptr<const Policy>> policy = GetParam().make(Config(), Material{secrets_, runtime_});
    EXPECT_TRUE(policy.ok()) << policy.status();
    return *policy;
  }

  static PolicyConfigPtr Config() {
    google::protobuf::Any any;
    any.PackFrom(*ExampleOf(GetParam().type));
    absl::StatusOr<PolicyConfigPtr> config = FindConfigRow(GetParam().type)->compile(any);
    EXPECT_TRUE(config.ok()) << config.status();
    return *config;
  }

  std::unique_ptr<Exchange> Begin(const char* method, const char* origin) {
    auto x = std::make_unique<Exchange>(&pool_);
    x->Begin(cancellation_);
    x->request.method_text = method;
    x->request.host = "shop.example";
    x->request.path = "/";
    x->peer_text = x->client_text = "192.0.2.1";
    x->peer = x->client.address = IpAddress::V4({192, 0, 2, 1});
    if (origin != nullptr) x->request.headers.Add("origin", origin);
    x->response.status = 200;
    return x;
  }

  static std::vector<std::string> NamesOf(const http::Headers& headers) {
    std::vector<std::string> names;
    for (const http::Field& field : headers) names.emplace_back(field.name());
    return names;
  }

  SomeSecrets secrets_;
  Runtime runtime_;
  BlockPool pool_;
  Cancellation cancellation_;
  std::shared_ptr<const Policy> policy_;
};

TEST_P(Contract, HasOneRowInBothTables) {
  std::set<std::string_view> types;
  for (const ConfigRow& row : ConfigRows()) EXPECT_TRUE(types.insert(row.type).second) << row.type;
  EXPECT_EQ(types.size(), PolicyRows().size());
  EXPECT_NE(FindConfigRow(GetParam().type), nullptr);
  EXPECT_EQ(FindPolicyRow("no such policy"), nullptr);
}

TEST_P(Contract, RefusesAConfigurationOfAnotherType) {
  google::protobuf::Any any;
  any.set_type_url("type.googleapis.com/some.other.Message");
  any.set_value("\xff\xff\xff");
  EXPECT_FALSE(FindConfigRow(GetParam().type)->compile(any).ok());
  any.PackFrom(*ExampleOf(GetParam().type));
  any.set_value("\xff\xff\xff");
  EXPECT_FALSE(FindConfigRow(GetParam().type)->compile(any).ok());
}

TEST_P(Contract, DescribesItselfOnOneLine) {
  std::string text = Config()->Describe();
  EXPECT_FALSE(text.empty());
  EXPECT_EQ(text.find('\n'), std::string::npos);
}

// Explain says what live traffic does, or that it cannot know.
TEST_P(Contract, JudgesAsItDecides) {
  for (const char* origin : {static_cast<const char*>(nullptr), "https://shop.example"}) {
    std::unique_ptr<Exchange> asked = Begin("GET", origin);
    Judgement judgement = Config()->Judge(*asked, NoFacts());
    EXPECT_FALSE(judgement.why.empty());
    EXPECT_EQ(judgement.why.find('\n'), std::string::npos);
    EXPECT_EQ(judgement.outcome == Judgement::Outcome::kPass, judgement.reason == Reason::kNone);
    std::unique_ptr<Exchange> x = Begin("GET", origin);
    Verdict verdict = RunReady(policy_->OnRequest(*x));
    if (judgement.outcome == Judgement::Outcome::kUnknown) continue;
    EXPECT_EQ(verdict.is_reply(), judgement.outcome == Judgement::Outcome::kDeny) << judgement.why;
    if (verdict.is_reply()) EXPECT_EQ(verdict.reason(), judgement.reason);
  }
}

// "Fields that are not known" of a newer control plane.
TEST_P(Contract, RefusesAFieldThatItDoesNotKnow) {
  std::unique_ptr<google::protobuf::Message> example = ExampleOf(GetParam().type);
  example->GetReflection()->MutableUnknownFields(example.get())->AddVarint(4711, 1);
  google::protobuf::Any any;
  any.PackFrom(*example);
  EXPECT_FALSE(FindConfigRow(GetParam().type)->compile(any).ok());
}

TEST_P(Contract, RunsWithoutARouteOrFields) {
  std::unique_ptr<Exchange> x = Begin("GET", nullptr);
  RunReady(policy_->OnRequest(*x));
  RunReady(policy_->OnResponse(*x));
  policy_->OnEnd(*x, Outcome{404, Reason::kNoRoute, true});
}

TEST_P(Contract, TakesAnEndWithoutAResponse) {
  std::unique_ptr<Exchange> x = Begin("GET", "https://shop.example");
  RunReady(policy_->OnRequest(*x));
  policy_->OnEnd(*x, Outcome{0, Reason::kClientGone, false});
}

TEST_P(Contract, KeepsExchangesApart) {
  std::unique_ptr<Exchange> one = Begin("GET", "https://shop.example");
  std::unique_ptr<Exchange> two = Begin("GET", nullptr);
  RunReady(policy_->OnRequest(*one));
  RunReady(policy_->OnRequest(*two));
  RunReady(policy_->OnResponse(*two));
  std::unique_ptr<Exchange> alone = Begin("GET", nullptr);
  RunReady(policy_->OnRequest(*alone));
  RunReady(policy_->OnResponse(*alone));
  EXPECT_EQ(NamesOf(two->response.headers), NamesOf(alone->response.headers));
  policy_->OnEnd(*two, Outcome{200, Reason::kNone, true});
  RunReady(policy_->OnResponse(*one));
  policy_->OnEnd(*one, Outcome{200, Reason::kNone, true});
}

TEST_P(Contract, MayStandTwiceInOneChain) {
  std::shared_ptr<const Policy> again = Make();
  std::unique_ptr<Exchange> x = Begin("GET", "https://shop.example");
  RunReady(policy_->OnRequest(*x));
  RunReady(again->OnRequest(*x));
  RunReady(again->OnResponse(*x));
  RunReady(policy_->OnResponse(*x));
  again->OnEnd(*x, Outcome{200, Reason::kNone, true});
  policy_->OnEnd(*x, Outcome{200, Reason::kNone, true});
}

TEST_P(Contract, OutlivesItsConfigurationsOtherOwners) {
  std::unique_ptr<Exchange> x = Begin("OPTIONS", "https://shop.example");
  x->request.headers.Add("access-control-request-method", "PUT");
  RunReady(policy_->OnRequest(*x));
  x->Clear();
  x->Begin(cancellation_);
  RunReady(policy_->OnResponse(*x));
}

INSTANTIATE_TEST_SUITE_P(All, Contract, ::testing::ValuesIn(PolicyRows().begin(), PolicyRows().end()),
                         [](const auto& info) { return std::string(info.param.type); });

}  // namespace
}  // namespace penstock::policies
