#include <gtest/gtest.h>

#include <atomic>
#include <string>

#include "dataplane/io/reactor/reactor.h"
#include "dataplane/policies/basic/basic_policy.h"
#include "dataplane/policies/condition/testing.h"

namespace penstock::policies {
namespace {

using State = AuthResult::State;

constexpr const char* kAda = "Basic YWRhOnJpZ2h0";       // ada:right
constexpr const char* kWrong = "Basic YWRhOndyb25n";     // ada:wrong
constexpr const char* kNobody = "Basic Ym9iOnJpZ2h0";    // bob:right
constexpr const char* kAway = "Basic YWRhOmJyb2tlbg==";  // ada:broken

struct OneSecret final : SecretSource {
  StatusOr<std::string> Read(std::string_view secret, std::string_view key) const override {
    if (secret == "people" && key == "htpasswd") return file;
    return absl::NotFoundError("no such Secret");
  }
  std::string file = "ada:$2b$05$" + std::string(53, 'a') + "\n";
};

class BasicTest : public ::testing::Test {
 protected:
  BasicTest() : reactor_(*io::Reactor::Create()) {
    services_.reactor = reactor_.get();
    Configure("");
  }

  void Configure(const std::string& secret, Duration cache_ttl = std::chrono::seconds(60), bool strip = true) {
    xds::v1::BasicAuthentication message;
    message.set_secret(secret.empty() ? "people" : secret);
    message.set_strip_credentials(strip);
    message.mutable_cache_ttl()->set_seconds(cache_ttl / std::chrono::seconds(1));
    StatusOr<std::shared_ptr<const Policy>> made = Make(message);
    ASSERT_TRUE(made.ok()) << made.status();
    policy_ = *made;
  }
  StatusOr<std::shared_ptr<const Policy>> Make(const xds::v1::BasicAuthentication& message) {
    Material material{secrets_, runtime_};
    material.passwords = &checker_;
    return BasicPolicy::Make(*BasicConfig::Compile(message), material);
  }

  // What is noted of a request with these fields.
  AuthResult::State Ask(std::vector<const char*> values) {
    TestRequest request;
    for (const char* value : values) request.fields.emplace_back("authorization", value);
    TestExchange x(request);
    x->services = &services_;
    x->time.started = reactor_->Now();
    EXPECT_FALSE(reactor_->BlockOn(policy_->OnRequest(*x)).is_reply());
    subject_ = std::string(x->identity.subject);
    why_ = std::string(x->identity.of(AuthMethod::kBasic).why);
    forwarded_ = x->request.headers.Count("authorization");
    return x->identity.of(AuthMethod::kBasic).state;
  }

  static passwords::Checker::Options Scripted(std::atomic<int>& computed) {
    passwords::Checker::Options options;
    options.compute = [&computed](const passwords::PasswordHash&, std::string_view password) -> StatusOr<bool> {
      ++computed;
      if (password == "broken") return absl::InternalError("cannot be computed");
      return password == "right";
    };
    return options;
  }

  std::atomic<int> computed_ = 0;
  passwords::Checker checker_{Scripted(computed_)};
  std::unique_ptr<io::Reactor> reactor_;
  Services services_;
  OneSecret secrets_;
  Runtime runtime_;
  std::shared_ptr<const Policy> policy_;
  std::string subject_;
  std::string why_;
  size_t forwarded_ = 0;
};

TEST_F(BasicTest, NotesWhoHasProvenToBeAUser) {
  EXPECT_EQ(Ask({kAda}), State::kProven) << why_;
  EXPECT_EQ(subject_, "ada");
  EXPECT_EQ(forwarded_, 0u);
}

TEST_F(BasicTest, NotesWhatDoesNotHold) {
  EXPECT_EQ(Ask({}), State::kMissing);
  EXPECT_EQ(Ask({"Bearer abc"}), State::kMissing);
  EXPECT_EQ(forwarded_, 1u) << "somebody else's";
  for (std::vector<const char*> values : {std::vector{kWrong}, {kNobody}, {"Basic ???"}, {kAda, kAda}}) {
    EXPECT_EQ(Ask(values), State::kInvalid) << values[0];
    EXPECT_EQ(subject_, "");
    EXPECT_EQ(forwarded_, 0u);
  }
}

TEST_F(BasicTest, TellsNobodyWhetherTheUserOrThePasswordIsWrong) {
  Ask({kWrong});
  std::string wrong = why_;
  Ask({kNobody});
  EXPECT_EQ(why_, wrong);
  EXPECT_EQ(computed_, 2) << "both cost the same";
}

TEST_F(BasicTest, ComputesAPasswordOnce) {
  for (int i = 0; i < 3; ++i) EXPECT_EQ(Ask({kAda}), State::kProven);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(Ask({kWrong}), State::kInvalid);
  EXPECT_EQ(computed_, 2);
}

TEST_F(BasicTest, WaitsForNothingThatIsKnown) {
  Ask({kAda});
  TestRequest request{.fields = {{"authorization", kAda}}};
  TestExchange x(request);
  x->services = &services_;
  x->time.started = reactor_->Now();
  EXPECT_TRUE(policy_->OnRequest(*x).ready()) << "it costs no coroutine";
}

TEST_F(BasicTest, ComputesEveryTimeIfItShall) {
  Configure("", Duration::zero());
  for (int i = 0; i < 3; ++i) EXPECT_EQ(Ask({kAda}), State::kProven);
  EXPECT_EQ(computed_, 3);
}

TEST_F(BasicTest, KnowsWhatItFoundOutBeforeAChangeThatLeavesTheUserAlone) {
  Ask({kAda});
  secrets_.file += "eve:$2b$05$" + std::string(53, 'e') + "\n";
  Configure("");
  EXPECT_EQ(Ask({kAda}), State::kProven);
  EXPECT_EQ(computed_, 1);
  secrets_.file = "ada:$2b$05$" + std::string(53, 'b') + "\n";
  Configure("");
  Ask({kAda});
  EXPECT_EQ(computed_, 2) << "another hash is another question";
}

TEST_F(BasicTest, CannotJudgeWhatCannotBeComputed) {
  EXPECT_EQ(Ask({kAway}), State::kUnknown);
  EXPECT_EQ(why_, "cannot be computed");
  policy_ = *Make({});
  EXPECT_EQ(Ask({kAda}), State::kUnknown) << "there is no file";
}

TEST_F(BasicTest, KeepsItsFieldForBackendsIfItShall) {
  Configure("", std::chrono::seconds(60), false);
  Ask({kAda});
  EXPECT_EQ(forwarded_, 1u);
}

TEST_F(BasicTest, IsNotMadeOfAFileThatIsWrong) {
  xds::v1::BasicAuthentication message;
  message.set_secret("people");
  secrets_.file = "# people\nada:hunter2\n";
  EXPECT_EQ(
      Make(message).status().message(),
      "Secret \"people\", key htpasswd: line 2: the hash of ada is the password itself, or a hash of DES: neither "
      "protects anybody; make it with: penstock key hash-password USER");
  message.set_secret("nowhere");
  EXPECT_FALSE(Make(message).ok());
}

}  // namespace
}  // namespace penstock::policies
