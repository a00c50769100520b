#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "api/management/v1/management.pb.h"
#include "tools/cli/exit.h"
#include "tools/cli/files.h"
#include "tools/cli/render/json.h"

namespace penstock::cli {

// Findings with their source lines, as text for people.
std::string FindingsText(std::span<const management::v1::Finding> findings, std::span<const ManifestFile> files,
                         bool colour);
// Told to people: with --quiet, notes alone are left out.
void PrintFindings(std::span<const management::v1::Finding> findings, std::span<const ManifestFile> files,
                   Console& console);
Json FindingsJson(std::span<const management::v1::Finding> findings);

// "plan  ~ HTTPRoute products   ...", "plan  nothing to do".
std::string PlanText(const management::v1::Plan& plan);
Json PlanJson(const management::v1::Plan& plan);

// "HTTPRoute products", with the namespace unless it is "default" or the kind has none.
std::string ObjectText(const management::v1::ObjectRef& object);

// What came of one change: takes the events of apply, delete or rollback as they come, says what is going on, and at
// the end gives the result and the exit. Repeated events (after a lost connection the stream starts again) are told
// once.
class ChangeReport {
 public:
  // `files` are those sent, for source lines; both outlive the report. `also`: see RunChange.
  ChangeReport(Console& console, std::span<const ManifestFile> files, bool dry_run, Json also = Json::object())
      : console_(console), files_(files), dry_run_(dry_run), also_(std::move(also)) {}

  void Take(const management::v1::ApplyEvent& event);

  // True once the last event is here.
  bool Done() const { return outcome_.code() != management::v1::Outcome::CODE_UNSPECIFIED; }

  // Prints the result, with ALSO if the change was stored, and gives the exit. REQUIRES: Done().
  Exit Finish();

 private:
  void TakeFindings(const management::v1::Findings& findings);
  void TakePlan(const management::v1::Plan& plan);
  void TakeStored(const management::v1::Stored& stored);
  void TakeProgress(const management::v1::Progress& progress);
  void PrintOutcome();
  void PrintJson();
  std::string ServedText() const;

  Console& console_;
  const std::span<const ManifestFile> files_;
  const bool dry_run_;
  const Json also_;
  std::vector<management::v1::Finding> findings_;
  management::v1::Plan plan_;
  bool has_plan_ = false;
  management::v1::Stored stored_;
  bool has_stored_ = false;
  management::v1::Progress progress_;
  management::v1::Outcome outcome_;
};

Exit ExitOf(management::v1::Outcome::Code code);

}  // namespace penstock::cli
