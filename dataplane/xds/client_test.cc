#include "dataplane/xds/client.h"

#include <gtest/gtest.h>

#include <deque>

namespace penstock::xds {
namespace {

using discovery::v3::DeltaDiscoveryRequest;
using discovery::v3::DeltaDiscoveryResponse;
using snapshot::ResourceProblem;

// What a test plays as the control plane: events in, messages out. Ends when the events are used up.
struct Script {
  std::deque<Stream::Event> events;
  std::vector<DeltaDiscoveryRequest> sent;
  FakeClock* advance = nullptr;  // goes on by what Next() was allowed to wait
};

class FakeStream final : public Stream {
 public:
  explicit FakeStream(Script& script) : script_(script) {}
  Event Next(Duration longest) override {
    if (script_.events.empty()) return Ended{absl::UnavailableError("the script is over")};
    if (script_.advance != nullptr) script_.advance->Advance(longest);
    Event event = std::move(script_.events.front());
    script_.events.pop_front();
    return event;
  }
  void Send(std::string bytes) override {
    script_.sent.emplace_back();
    EXPECT_TRUE(script_.sent.back().ParseFromString(bytes));
  }
  void Cancel() override {}
  void Wake() override {}

 private:
  Script& script_;
};

class FakeApplier final : public Applier {
 public:
  const snapshot::Snapshot* running() const override { return nullptr; }
  std::vector<ResourceProblem> Apply(const snapshot::Delta& delta, Start start) override {
    applied.push_back(delta);
    starts.push_back(start);
    return problems;
  }
  std::vector<ResourceProblem> ApplyEndpoints(const std::vector<snapshot::Resource>& upserts,
                                              const std::vector<snapshot::ResourceName>& removals) override {
    return {};
  }
  std::vector<ResourceProblem> InstallTicketKeys(const std::string& bytes) override {
    ticket_keys.push_back(bytes);
    return problems;
  }
  bool Reclaim() override { return false; }

  std::vector<std::string> ticket_keys;
  std::vector<snapshot::Delta> applied;
  std::vector<Start> starts;
  std::vector<ResourceProblem> problems;
};

Stream::Event GenerationFour() {
  xds::v1::Generation generation;
  generation.set_epoch(1);
  generation.set_number(4);
  DeltaDiscoveryResponse response;
  response.set_type_url(std::string(snapshot::kGenerationType));
  response.set_nonce("1.4:0");
  response.add_resources()->set_name("generation");
  response.mutable_resources(0)->mutable_resource()->set_value(generation.SerializeAsString());
  return Stream::Message{response.SerializeAsString()};
}

class ClientTest : public testing::Test {
 protected:
  Client Make() {
    Client::Options options;
    options.addresses = {"a:1"};
    options.identity.id = "edge-1";
    options.identity.labels = {{"tier", "edge"}};
    options.identity.weakened = {"bindAddress"};
    options.responder = responder_;
    return Client(options, applier_, cells_, log_, clock_,
                  [this](const std::string&) -> StatusOr<std::unique_ptr<Stream>> {
                    return std::unique_ptr<Stream>(std::make_unique<FakeStream>(script_));
                  });
  }

  Responder* responder_ = nullptr;
  Script script_;
  FakeApplier applier_;
  telemetry::ProcessCells cells_;
  std::vector<std::string> lines_;
  telemetry::Log log_{telemetry::LogLevel::kInfo, telemetry::Log::Format::kText,
                      [this](std::string_view line) { lines_.emplace_back(line); }, [] { return int64_t{1}; }};
  FakeClock clock_;
};

TEST_F(ClientTest, SaysWhoItIs) {
  Client client = Make();
  EXPECT_FALSE(client.RunStream("a:1").ok());
  ASSERT_EQ(script_.sent.size(), std::size(kSubscribedTypes));
  const auto& node = script_.sent[0].node();
  EXPECT_EQ(node.id(), "edge-1");
  EXPECT_EQ(node.metadata().fields().at("labels").struct_value().fields().at("tier").string_value(), "edge");
  EXPECT_EQ(node.metadata().fields().at("weakened").list_value().values(0).string_value(), "bindAddress");
}

TEST_F(ClientTest, AcksAGenerationOnceTheApplierServesIt) {
  script_.events.push_back(GenerationFour());
  Client client = Make();
  client.RunStream("a:1").IgnoreError();
  ASSERT_EQ(applier_.applied.size(), 1u);
  EXPECT_EQ(applier_.starts[0], Applier::Start::kEmpty);
  EXPECT_EQ(script_.sent.back().response_nonce(), "1.4:0");
  EXPECT_FALSE(script_.sent.back().has_error_detail());
}

TEST_F(ClientTest, RefusesAGenerationThatTheApplierRefusesAndStays) {
  script_.events.push_back(GenerationFour());
  applier_.problems.emplace_back();
  applier_.problems[0].set_reason("port 80 is taken");
  Client client = Make();
  EXPECT_EQ(client.RunStream("a:1").message(), "the script is over");
  EXPECT_EQ(script_.sent.back().error_detail().details_size(), 1);
}

TEST_F(ClientTest, InstallsTicketKeysAndAnswersThem) {
  DeltaDiscoveryResponse keys;
  keys.set_type_url(std::string(kTicketKeysType));
  keys.set_nonce("0.0:0");
  keys.add_resources()->mutable_resource()->set_value("the keys");
  script_.events.push_back(Stream::Message{keys.SerializeAsString()});
  Client client = Make();
  EXPECT_EQ(client.RunStream("a:1").message(), "the script is over");
  EXPECT_EQ(applier_.ticket_keys, std::vector<std::string>{"the keys"});
  EXPECT_TRUE(applier_.applied.empty());
  EXPECT_EQ(script_.sent.back().type_url(), kTicketKeysType);
  EXPECT_EQ(script_.sent.back().response_nonce(), "0.0:0");
  EXPECT_FALSE(script_.sent.back().has_error_detail());
}

class FakeResponder final : public Responder {
 public:
  void Ask(std::string question, Done done) override {
    questions.push_back(std::move(question));
    if (at_once) {
      done("the answer");
    } else {
      waiting.push_back(std::move(done));
    }
  }

  bool at_once = true;
  std::vector<std::string> questions;
  std::vector<Done> waiting;
};

Stream::Event AskedAs(const std::string& nonce) {
  DeltaDiscoveryResponse question;
  question.set_type_url(std::string(kQuestionType));
  question.set_nonce(nonce);
  question.add_resources()->mutable_resource()->set_value("what if?");
  return Stream::Message{question.SerializeAsString()};
}

TEST_F(ClientTest, AnswersQuestionsWithTheirNonceWhileAGenerationIsOnItsWay) {
  FakeResponder responder;
  responder_ = &responder;
  script_.events = {AskedAs("question:1"), GenerationFour()};
  Client client = Make();
  client.RunStream("a:1").IgnoreError();
  EXPECT_EQ(script_.sent[0].node().client_features(0), kQuestionsFeature);
  EXPECT_EQ(responder.questions, std::vector<std::string>{"what if?"});
  const DeltaDiscoveryRequest& answer = script_.sent[std::size(kSubscribedTypes)];
  EXPECT_EQ(answer.type_url(), kQuestionType);
  EXPECT_EQ(answer.response_nonce(), "question:1");
  EXPECT_EQ(answer.answer().value(), "the answer");
  EXPECT_EQ(applier_.applied.size(), 1u);
}

TEST_F(ClientTest, DropsAnAnswerThatComesAfterItsStream) {
  FakeResponder responder;
  responder.at_once = false;
  responder_ = &responder;
  script_.events = {AskedAs("question:1")};
  {
    Client client = Make();
    client.RunStream("a:1").IgnoreError();
    script_.sent.clear();
    script_.events = {Stream::Woken{}};
    responder.waiting[0]("too late");
    client.RunStream("a:1").IgnoreError();
    EXPECT_EQ(script_.sent.size(), std::size(kSubscribedTypes));
  }
  responder.waiting[0]("later than the client");
}

TEST_F(ClientTest, IsAskedNothingIfNobodyAnswers) {
  script_.events = {AskedAs("question:1")};
  Client client = Make();
  EXPECT_EQ(client.RunStream("a:1").code(), absl::StatusCode::kInvalidArgument);
  EXPECT_TRUE(script_.sent[0].node().client_features().empty());
}

TEST_F(ClientTest, EndsTheStreamWhenItIsOutOfStep) {
  script_.events.push_back(GenerationFour());
  applier_.problems.emplace_back();
  applier_.problems[0].set_code("E209");
  Client client = Make();
  EXPECT_EQ(client.RunStream("a:1").code(), absl::StatusCode::kDataLoss);
}

TEST_F(ClientTest, GivesUpOnAControlPlaneThatSaysNothing) {
  script_.advance = &clock_;
  script_.events.push_back(Stream::TimedOut{});
  Client client = Make();
  EXPECT_EQ(client.RunStream("a:1").message(), "the control plane did not answer");
  EXPECT_EQ(cells_.connected.Read(), 0);
  EXPECT_EQ(cells_.connection_attempts.Read(), 1u);
}

TEST_F(ClientTest, NamesTheCertificatesWhenNoConnectionEverSucceeded) {
  Client client = Make();
  auto complaint = [&](const char* why) {
    lines_.clear();
    client.ReportLost("a:1", absl::UnavailableError(why));
    clock_.Advance(Client::kLogEvery);
    return lines_.empty() ? "" : lines_.back();
  };
  EXPECT_NE(complaint("failed to connect: Socket closed").find("--tls-ca must have signed"), std::string::npos);
  EXPECT_NE(complaint("Ssl handshake failed").find("--tls-ca must have signed"), std::string::npos);
  EXPECT_EQ(complaint("Connection refused").find("--tls-ca"), std::string::npos);
  script_.events.push_back(GenerationFour());
  client.RunStream("a:1").IgnoreError();
  EXPECT_EQ(complaint("Socket closed").find("--tls-ca"), std::string::npos) << "the certificates fitted before";
}

TEST_F(ClientTest, KnowsWhenItsConfigurationWasLastConfirmed) {
  Client client = Make();
  client.RunStream("a:1").IgnoreError();
  EXPECT_EQ(cells_.confirmed_at.Read(), 0) << "nobody has answered";
  script_.events.push_back(GenerationFour());
  client.RunStream("a:1").IgnoreError();
  EXPECT_EQ(cells_.confirmed_at.Read(), clock_.Wall().time_since_epoch().count());
}

// The longest of many pauses, each after the same end.
Duration LongestAfter(Retries::End end, int times) {
  Duration longest(0);
  for (uint64_t seed = 0; seed < 50; ++seed) {
    Retries retries(seed, 1);
    std::optional<Duration> pause;
    for (int i = 0; i < times; ++i) pause = retries.After(end);
    longest = std::max(longest, *pause);
  }
  return longest;
}

TEST(Retries, LetTwoDataPlanesWithOneIdDriveEachOtherOutEverMoreSlowly) {
  Duration first = LongestAfter(Retries::End::kDisplaced, 1);
  Duration third = LongestAfter(Retries::End::kDisplaced, 3);
  Duration twentieth = LongestAfter(Retries::End::kDisplaced, 20);
  EXPECT_LE(first, Backoff::kFirst);
  EXPECT_GT(third, Backoff::kFirst);
  EXPECT_GT(twentieth, third);
  EXPECT_LE(twentieth, Backoff::kCap) << "it always comes back";
  EXPECT_LE(LongestAfter(Retries::End::kLost, 20), Backoff::kFirst) << "a stream that worked was lost by chance";
}

TEST(Retries, TryEveryAddressBeforeTheyPause) {
  Retries retries(1, 3);
  for (int round = 0; round < 2; ++round) {
    EXPECT_FALSE(retries.After(Retries::End::kFailed).has_value());
    EXPECT_FALSE(retries.After(Retries::End::kFailed).has_value());
    EXPECT_TRUE(retries.After(Retries::End::kFailed).has_value());
  }
  EXPECT_FALSE(retries.After(Retries::End::kFailed).has_value());
  EXPECT_TRUE(retries.After(Retries::End::kLost).has_value());
  EXPECT_FALSE(retries.After(Retries::End::kFailed).has_value()) << "counted anew";
}

TEST_F(ClientTest, SaysThatItWasDisplaced) {
  script_.events.push_back(GenerationFour());
  script_.events.push_back(Stream::Ended{absl::AlreadyExistsError("another data plane connected with the id edge-1")});
  Client client = Make();
  EXPECT_TRUE(absl::IsAlreadyExists(client.RunStream("a:1"))) << "what the pause before the next stream depends on";
}

}  // namespace
}  // namespace penstock::xds
