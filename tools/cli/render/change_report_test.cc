#include "tools/cli/render/change_report.h"

#include <gtest/gtest.h>

#include <sstream>

namespace penstock::cli {
namespace {

namespace api = ::penstock::management::v1;

// A console that keeps what it is told.
struct Told {
  explicit Told(Console::Options options = {}) : console(out, err, options) {}
  std::ostringstream out, err;
  Console console;
};

api::ApplyEvent PlanEvent() {
  api::ApplyEvent event;
  api::ObjectChange& route = *event.mutable_plan()->add_changes();
  route.set_op(api::ObjectChange::UPDATE);
  route.mutable_object()->set_kind("HTTPRoute");
  route.mutable_object()->set_namespace_("default");
  route.mutable_object()->set_name("products");
  route.add_details("rule \"catalog\": weights products-v1 100 -> 90");
  route.add_details("spec.hostnames: shop.example added");
  api::ObjectChange& backend = *event.mutable_plan()->add_changes();
  backend.set_op(api::ObjectChange::CREATE);
  backend.mutable_object()->set_kind("Backend");
  backend.mutable_object()->set_namespace_("team-a");
  backend.mutable_object()->set_name("b");
  return event;
}

api::ApplyEvent StoredEvent(bool unchanged = false) {
  api::ApplyEvent event;
  event.mutable_stored()->set_generation(42);
  event.mutable_stored()->set_objects(2);
  event.mutable_stored()->set_resources(3);
  event.mutable_stored()->set_bytes_per_replica(912);
  event.mutable_stored()->set_unchanged(unchanged);
  return event;
}

api::ApplyEvent ProgressEvent(uint32_t served, uint32_t total) {
  api::ApplyEvent event;
  event.mutable_progress()->set_served(served);
  event.mutable_progress()->set_total(total);
  return event;
}

api::ApplyEvent OutcomeEvent(api::Outcome::Code code, std::string message = "") {
  api::ApplyEvent event;
  event.mutable_outcome()->set_code(code);
  event.mutable_outcome()->set_message(std::move(message));
  event.mutable_outcome()->mutable_took()->set_nanos(41'000'000);
  return event;
}

TEST(ChangeReport, TellsPlanGenerationProgressAndHowToUndo) {
  Told told;
  ChangeReport report(told.console, {}, false);
  report.Take(PlanEvent());
  report.Take(StoredEvent());
  for (uint32_t served : {0, 2, 2, 3}) report.Take(ProgressEvent(served, 3));
  EXPECT_FALSE(report.Done());
  report.Take(OutcomeEvent(api::Outcome::OK));
  ASSERT_TRUE(report.Done());
  EXPECT_EQ(report.Finish(), Exit::kOk);
  EXPECT_EQ(told.out.str(),
            "plan  ~ HTTPRoute products   rule \"catalog\": weights products-v1 100 -> 90\n"
            "                             spec.hostnames: shop.example added\n"
            "      + Backend team-a/b\n"
            "generation 42   2 objects, 3 resources, 912 B per replica\n"
            "served by 3/3 replicas in 41 ms.   undo: penstock rollback 41\n");
  EXPECT_EQ(told.err.str(), "  0/3 served\n  2/3 served\n  3/3 served\n");
}

TEST(ChangeReport, TellsEventsOfARepeatedCallOnce) {
  Told told;
  ChangeReport report(told.console, {}, false);
  for (int i = 0; i < 2; ++i) {
    report.Take(PlanEvent());
    report.Take(StoredEvent());
  }
  EXPECT_EQ(told.out.str().find("generation 42"), told.out.str().rfind("generation 42"));
}

TEST(ChangeReport, NamesTheReplicaThatRefusesAndWhy) {
  Told told;
  ChangeReport report(told.console, {}, false);
  report.Take(StoredEvent());
  api::ApplyEvent event = ProgressEvent(0, 24);
  api::ReplicaStatus& replica = *event.mutable_progress()->add_lagging();
  replica.set_id("edge-a");
  replica.set_state("rejected");
  replica.mutable_last_nack()->add_problems("Listener shop/http: port 80 is taken by nginx");
  report.Take(event);
  report.Take(OutcomeEvent(api::Outcome::REJECTED, "halted; generation 42 is rejected"));
  EXPECT_EQ(report.Finish(), Exit::kRejected);
  EXPECT_EQ(told.err.str(),
            "  0/24   replica edge-a REJECTED  Listener shop/http: port 80 is taken by nginx\nhalted; generation 42 is "
            "rejected\n");
}

TEST(ChangeReport, NamesTheReplicasThatAreExpectedBack) {
  Told told;
  ChangeReport report(told.console, {}, false);
  report.Take(StoredEvent());
  api::ApplyEvent event = ProgressEvent(0, 1);
  api::ReplicaStatus& replica = *event.mutable_progress()->add_lagging();
  replica.set_id("edge-a");
  replica.set_state("expected");
  report.Take(event);
  report.Take(OutcomeEvent(api::Outcome::TIMEOUT, "stored, but only served by 0/1 replicas in time"));
  EXPECT_EQ(report.Finish(), Exit::kTimeout);
  EXPECT_NE(told.err.str().find("edge-a  expected: it has not come back since the control plane restarted"),
            std::string::npos)
      << told.err.str();
}

TEST(ChangeReport, ShowsTheSourceLineOfAnError) {
  Told told;
  std::vector<ManifestFile> files = {{"shop.yaml", "kind: Gatewai\n"}};
  ChangeReport report(told.console, files, false);
  api::ApplyEvent event;
  api::Finding& finding = *event.mutable_findings()->add_findings();
  finding.set_severity(api::Finding::ERROR);
  finding.set_code("E012");
  finding.set_file("shop.yaml");
  finding.set_line(1);
  finding.set_column(7);
  finding.set_length(7);
  finding.set_message("unknown kind");
  finding.set_suggestion("did you mean \"Gateway\"?");
  report.Take(event);
  report.Take(OutcomeEvent(api::Outcome::INVALID, "1 error. Nothing was changed (generation stays 41)."));
  EXPECT_EQ(report.Finish(), Exit::kInvalid);
  EXPECT_NE(told.err.str().find("shop.yaml:1:7: error: "), std::string::npos) << told.err.str();
  EXPECT_NE(told.err.str().find("^^^^^^^ did you mean \"Gateway\"?"), std::string::npos) << told.err.str();
  EXPECT_NE(told.err.str().find("penstock explain E012"), std::string::npos);
  EXPECT_EQ(told.out.str(), "");
}

TEST(ChangeReport, TellsWarningsToThoseWhoWantItQuiet) {
  auto told_of = [](api::Finding::Severity severity) {
    Told told({.quiet = true});
    ChangeReport report(told.console, {}, false);
    api::ApplyEvent event;
    api::Finding& finding = *event.mutable_findings()->add_findings();
    finding.set_severity(severity);
    finding.set_code("X220");
    finding.set_message("a demand beside anonymous");
    report.Take(event);
    return told.err.str();
  };
  EXPECT_NE(told_of(api::Finding::WARNING).find("a demand beside anonymous"), std::string::npos);
  EXPECT_EQ(told_of(api::Finding::NOTE), "");
}

TEST(ChangeReport, NamesTheCodeThatRefusedTheChangeAndNoWarningBeforeIt) {
  Told told;
  ChangeReport report(told.console, {}, false);
  api::ApplyEvent event;
  for (auto [code, severity] : {std::pair("W206", api::Finding::WARNING), {"E101", api::Finding::ERROR}}) {
    api::Finding& finding = *event.mutable_findings()->add_findings();
    finding.set_code(code);
    finding.set_severity(severity);
  }
  report.Take(event);
  report.Take(OutcomeEvent(api::Outcome::INVALID, "1 error"));
  EXPECT_EQ(report.Finish(), Exit::kInvalid);
  EXPECT_NE(told.err.str().find("penstock explain E101\n"), std::string::npos) << told.err.str();
}

TEST(ChangeReport, ShowsTerminalsNothingTheyWouldObeyInAPlan) {
  Told told;
  ChangeReport report(told.console, {}, true);
  api::ApplyEvent event;
  api::ObjectRef& object = *event.mutable_plan()->add_changes()->mutable_object();
  object.set_kind("Backend");
  object.set_namespace_("a\nb");
  object.set_name("x\x1b[31m");
  report.Take(event);
  EXPECT_EQ(told.out.str(), "plan  ~ Backend a\\x0ab/x\\x1b[31m\n");
}

struct ExitCase {
  api::Outcome::Code code;
  Exit exit;
};

class Outcomes : public testing::TestWithParam<std::tuple<ExitCase, Format>> {};

TEST_P(Outcomes, GiveTheSameExitInEveryFormat) {
  auto [expected, format] = GetParam();
  Console::Options options;
  options.format = format;
  Told told(options);
  ChangeReport report(told.console, {}, false);
  report.Take(StoredEvent());
  report.Take(OutcomeEvent(expected.code, "why"));
  EXPECT_EQ(report.Finish(), expected.exit);
  if (format != Format::kJson) return;
  Json json;
  ASSERT_TRUE(ParseJson(told.out.str(), json)) << told.out.str();
  EXPECT_EQ(json["apiVersion"], "cli.penstock.dev/v1");
  EXPECT_EQ(json["exit"], static_cast<int>(expected.exit));
  EXPECT_EQ(json["message"], "why");
  EXPECT_EQ(json["stored"]["generation"], 42);
}

INSTANTIATE_TEST_SUITE_P(All, Outcomes,
                         testing::Combine(testing::Values(ExitCase{api::Outcome::OK, Exit::kOk},
                                                          ExitCase{api::Outcome::INVALID, Exit::kInvalid},
                                                          ExitCase{api::Outcome::CONFLICT, Exit::kConflict},
                                                          ExitCase{api::Outcome::REJECTED, Exit::kRejected},
                                                          ExitCase{api::Outcome::TIMEOUT, Exit::kTimeout},
                                                          ExitCase{api::Outcome::NOT_FOUND, Exit::kNotFound}),
                                          testing::Values(Format::kTable, Format::kJson, Format::kYaml)));

TEST(ChangeReport, TellsWhatNobodyCanAskForAgainUnlessNothingWasStored) {
  for (auto [code, stored, dry_run, told] : {std::tuple{api::Outcome::OK, true, false, true},
                                             {api::Outcome::TIMEOUT, true, false, true},
                                             {api::Outcome::REJECTED, true, false, true},
                                             {api::Outcome::INVALID, false, false, false},
                                             {api::Outcome::CONFLICT, false, false, false},
                                             {api::Outcome::OK, false, true, false}}) {
    for (Format format : {Format::kTable, Format::kJson}) {
      Told said({.format = format});
      ChangeReport report(said.console, {}, dry_run, {{"apiKey", "app-1"}, {"key", "pk_secret"}});
      if (stored) report.Take(StoredEvent());
      report.Take(OutcomeEvent(code));
      report.Finish();
      EXPECT_EQ(said.out.str().find("pk_secret") != std::string::npos, told) << api::Outcome::Code_Name(code);
    }
  }
}

TEST(ChangeReport, NamesNoUndoToAGenerationOfTheSameContents) {
  Told told;
  ChangeReport report(told.console, {}, false);
  api::ApplyEvent no_changes;
  no_changes.mutable_plan();
  report.Take(no_changes);
  report.Take(StoredEvent());
  report.Take(ProgressEvent(3, 3));
  report.Take(OutcomeEvent(api::Outcome::OK));
  EXPECT_EQ(report.Finish(), Exit::kOk);
  EXPECT_NE(told.out.str().find("served by 3/3 replicas"), std::string::npos) << told.out.str();
  EXPECT_EQ(told.out.str().find("undo"), std::string::npos) << told.out.str();
}

TEST(ChangeReport, SaysThatNothingChanged) {
  Told told;
  ChangeReport report(told.console, {}, false);
  report.Take(StoredEvent(/*unchanged=*/true));
  report.Take(ProgressEvent(3, 3));
  report.Take(OutcomeEvent(api::Outcome::OK));
  EXPECT_EQ(report.Finish(), Exit::kOk);
  EXPECT_EQ(told.out.str(), "nothing changed; generation 42 is served by 3/3 replicas.\n");
}

}  // namespace
}  // namespace penstock::cli
