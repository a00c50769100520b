#include "dataplane/server/inspector.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>

#include "dataplane/snapshot/question.h"
#include "dataplane/snapshot/testing.h"

namespace penstock::server {
namespace {

namespace t = snapshot::testing;
using ::testing::HasSubstr;

class FakeControl final : public admin::Control {
 public:
  admin::Readiness readiness() const override { return {}; }
  void StartDrain() override {}
  proxy::GenerationLease Running() override {
    if (generation.snapshot == nullptr) return {};
    generation.holders.fetch_add(1);
    return proxy::GenerationLease(generation);
  }

  proxy::Generation generation;
};

class InspectorTest : public testing::Test {
 protected:
  void Serve() {
    control_.generation.snapshot = t::MustCompile(
        nullptr,
        {{t::Listener("shop/web/http"), t::Route("shop/r",
                                                 "attachments { listener: 'shop/web/http' } rules { matches { prefix: "
                                                 "'/' } static_reply { status: 204 } }")},
         {},
         {}});
  }
  static std::string Question() {
    snapshot::ExplainRequest request;
    request.port = 8080;
    request.fields = {{"host", "shop"}};
    return snapshot::ToQuestion(request).SerializeAsString();
  }
  static xds::v1::Answer Read(const std::string& bytes) {
    xds::v1::Answer answer;
    EXPECT_TRUE(answer.ParseFromString(bytes));
    return answer;
  }

  FakeControl control_;
  FakeClock clock_;
};

TEST_F(InspectorTest, SaysWhatTheGenerationThatIsServedWouldDo) {
  Serve();
  Inspector inspector(control_, "edge-1", clock_);
  std::promise<std::string> answer;
  inspector.Ask(Question(), [&](std::string bytes) { answer.set_value(std::move(bytes)); });
  auto explanation = snapshot::ReadExplanation(Read(answer.get_future().get()).explanation());
  ASSERT_TRUE(explanation.ok()) << explanation.status();
  EXPECT_EQ(explanation->replica, "edge-1");
  EXPECT_EQ(explanation->route, "shop/r");
  EXPECT_EQ(explanation->action, "reply 204");
  EXPECT_EQ(control_.generation.holders.load(), 0) << "it was given back";
}

TEST_F(InspectorTest, SaysWhyItCannotTell) {
  Inspector inspector(control_, "edge-1", clock_);
  EXPECT_EQ(Read(inspector.AnswerTo(Question())).problem(), "no generation is served yet");
  EXPECT_EQ(Read(inspector.AnswerTo("\xff")).problem(), "the question cannot be read");
  EXPECT_THAT(Read(inspector.AnswerTo("")).problem(), HasSubstr("there is no port 0"));
  std::string long_one(Inspector::kMaxQuestionBytes + 1, '\n');
  EXPECT_EQ(Read(inspector.AnswerTo(long_one)).problem(), "the question cannot be read");
}

TEST_F(InspectorTest, AsksThoseWhoAskTooMuchAtOnceToAskAgain) {
  Serve();
  Inspector inspector(control_, "edge-1", clock_);
  std::promise<void> go;
  std::shared_future<void> gate = go.get_future().share();
  inspector.Ask(Question(), [gate](const std::string&) { gate.wait(); });
  std::vector<std::string> answers;
  Mutex mutex;
  for (size_t i = 0; i < Inspector::kMaxWaiting + 4; ++i) {
    inspector.Ask(Question(), [&](std::string bytes) {
      MutexLock lock(&mutex);
      answers.push_back(std::move(bytes));
    });
  }
  {
    MutexLock lock(&mutex);
    ASSERT_GE(answers.size(), 3u);
    EXPECT_THAT(Read(answers[0]).problem(), HasSubstr("ask again"));
  }
  go.set_value();
}

}  // namespace
}  // namespace penstock::server
