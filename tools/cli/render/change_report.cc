#include "tools/cli/render/change_report.h"

#include <algorithm>
#include <optional>

#include "controlplane/manifests/render.h"
#include "tools/cli/render/fleet.h"
#include "tools/cli/render/human.h"
#include "tools/cli/render/table.h"
#include "tools/cli/text.h"

namespace penstock::cli {

namespace api = ::penstock::management::v1;

namespace {

std::string_view Sign(api::ObjectChange::Op op) {
  switch (op) {
    case api::ObjectChange::CREATE:
      return "+";
    case api::ObjectChange::DELETE:
      return "-";
    default:
      return "~";
  }
}

absl::Duration Took(const api::Outcome& outcome) {
  return absl::Seconds(outcome.took().seconds()) + absl::Nanoseconds(outcome.took().nanos());
}

// "replica edge-a REJECTED  Secret acme-cert: key does not match", a line per problem, at most three.
std::string RejectionText(const api::ReplicaStatus& replica) {
  constexpr int kShown = 3;
  std::string head = StrCat("replica ", Printable(replica.id()), " REJECTED  ");
  std::string text = head;
  const auto& problems = replica.last_nack().problems();
  for (int i = 0; i < problems.size() && i < kShown; ++i) {
    if (i > 0) StrAppend(&text, "\n", std::string(8 + head.size(), ' '));
    StrAppend(&text, Printable(problems[i]));
  }
  if (problems.size() > kShown)
    StrAppend(&text, "\n", std::string(8 + head.size(), ' '), "and ", problems.size() - kShown, " more");
  return text;
}

// What refused the change; a warning before it did not.
const api::Finding& FirstError(const std::vector<api::Finding>& findings) {
  auto error = std::find_if(findings.begin(), findings.end(),
                            [](const api::Finding& f) { return f.severity() == api::Finding::ERROR; });
  return error == findings.end() ? findings.front() : *error;
}

}  // namespace

std::string FindingsText(std::span<const api::Finding> findings, std::span<const ManifestFile> files, bool colour) {
  manifests::RenderOptions options;
  options.color = colour;
  options.source = [files](std::string_view name) -> std::optional<std::string_view> {
    for (const ManifestFile& file : files) {
      if (file.name == name) return file.text;
    }
    return std::nullopt;
  };
  return manifests::RenderText(findings, options);
}

void PrintFindings(std::span<const api::Finding> findings, std::span<const ManifestFile> files, Console& console) {
  if (findings.empty()) return;
  std::string text = FindingsText(findings, files, console.err_colour());
  if (!text.empty() && text.back() == '\n') text.pop_back();
  bool only_notes = std::all_of(findings.begin(), findings.end(),
                                [](const api::Finding& f) { return f.severity() == api::Finding::NOTE; });
  only_notes ? console.Note(text) : console.Error(text);
}

Json FindingsJson(std::span<const api::Finding> findings) {
  Json list = Json::array();
  for (const api::Finding& finding : findings) list.push_back(ToJson(finding));
  return list;
}

std::string ObjectText(const api::ObjectRef& object) {
  bool plain = object.namespace_().empty() || object.namespace_() == "default";
  return Printable(StrCat(object.kind(), " ", plain ? "" : StrCat(object.namespace_(), "/"), object.name()));
}

std::string PlanText(const api::Plan& plan) {
  if (plan.changes().empty()) return "plan  nothing to do\n";
  size_t width = 0;
  for (const api::ObjectChange& change : plan.changes()) width = std::max(width, Width(ObjectText(change.object())));
  std::string text;
  for (const api::ObjectChange& change : plan.changes()) {
    std::string object = ObjectText(change.object());
    std::string line = StrCat(text.empty() ? "plan  " : "      ", Sign(change.op()), " ", object);
    std::string margin = "\n" + std::string(width + 11, ' ');
    std::vector<std::string> details;
    for (const std::string& detail : change.details()) details.push_back(Printable(detail));
    if (!details.empty()) StrAppend(&line, std::string(width - Width(object) + 3, ' '), Join(details, margin));
    StrAppend(&text, line, "\n");
  }
  return text;
}

Json PlanJson(const api::Plan& plan) { return ToJson(plan)["changes"]; }

Exit ExitOf(api::Outcome::Code code) {
  switch (code) {
    case api::Outcome::OK:
      return Exit::kOk;
    case api::Outcome::INVALID:
      return Exit::kInvalid;
    case api::Outcome::CONFLICT:
      return Exit::kConflict;
    case api::Outcome::REJECTED:
      return Exit::kRejected;
    case api::Outcome::TIMEOUT:
      return Exit::kTimeout;
    case api::Outcome::NOT_FOUND:
      return Exit::kNotFound;
    default:
      return Exit::kUnreachable;
  }
}

void ChangeReport::Take(const api::ApplyEvent& event) {
  switch (event.event_case()) {
    case api::ApplyEvent::kFindings:
      return TakeFindings(event.findings());
    case api::ApplyEvent::kPlan:
      return TakePlan(event.plan());
    case api::ApplyEvent::kStored:
      return TakeStored(event.stored());
    case api::ApplyEvent::kProgress:
      return TakeProgress(event.progress());
    case api::ApplyEvent::kOutcome:
      outcome_ = event.outcome();
      return;
    case api::ApplyEvent::EVENT_NOT_SET:
      return;
  }
}

void ChangeReport::TakeFindings(const api::Findings& findings) {
  if (!findings_.empty()) return;
  findings_.assign(findings.findings().begin(), findings.findings().end());
  if (console_.format() == Format::kTable) PrintFindings(findings_, files_, console_);
}

void ChangeReport::TakePlan(const api::Plan& plan) {
  if (has_plan_) return;
  has_plan_ = true;
  plan_ = plan;
  if (console_.format() == Format::kTable && (!console_.quiet() || dry_run_)) console_.Out(PlanText(plan));
}

void ChangeReport::TakeStored(const api::Stored& stored) {
  if (has_stored_) return;
  has_stored_ = true;
  stored_ = stored;
  if (console_.format() != Format::kTable || console_.quiet() || stored.unchanged()) return;
  console_.Out(StrCat("generation ", stored.generation(), "   ", Count(stored.objects(), "object"), ", ",
                      Count(stored.resources(), "resource"), ", ", HumanBytes(stored.bytes_per_replica()),
                      " per replica\n"));
}

void ChangeReport::TakeProgress(const api::Progress& progress) {
  progress_ = progress;
  for (const api::ReplicaStatus& replica : progress.lagging()) {
    if (replica.state() != "rejected") continue;
    console_.Progress(StrCat("  ", ServedText(), "   ", RejectionText(replica)));
    return;
  }
  if (progress.total() > 0) console_.Progress(StrCat("  ", ServedText(), " served"));
}

std::string ChangeReport::ServedText() const { return StrCat(progress_.served(), "/", progress_.total()); }

Exit ChangeReport::Finish() {
  console_.EndProgress();
  if (console_.format() == Format::kTable) {
    PrintOutcome();
    if (has_stored_) console_.Out(MembersText(also_));
  } else {
    PrintJson();
  }
  return ExitOf(outcome_.code());
}

void ChangeReport::PrintOutcome() {
  std::string message = Printable(outcome_.message());
  if (outcome_.code() != api::Outcome::OK) {
    console_.Error(message);
    for (const api::ReplicaStatus& replica : progress_.lagging()) {
      if (outcome_.code() != api::Outcome::TIMEOUT) break;
      console_.Error(StrCat("  ", LaggingText(replica)));
    }
    if (outcome_.code() == api::Outcome::INVALID && !findings_.empty()) {
      console_.Error(StrCat("  more about a message:  penstock explain ", FirstError(findings_).code()));
    }
    return;
  }
  if (console_.quiet()) return;
  bool served_by_all = has_stored_ && progress_.total() > 0 && progress_.served() == progress_.total();
  if (dry_run_ || !served_by_all) return console_.Out(StrCat(message, "\n"));
  // Without changes (what was rejected, tried again) the generation before has the same contents.
  bool differs = !stored_.unchanged() && !plan_.changes().empty();
  std::string undo =
      stored_.generation() > 1 && differs ? StrCat("   undo: penstock rollback ", stored_.generation() - 1) : "";
  console_.Out(StrCat(stored_.unchanged() ? StrCat("nothing changed; generation ", stored_.generation(), " is ") : "",
                      "served by ", ServedText(), " replicas",
                      stored_.unchanged() ? "." : StrCat(" in ", HumanDuration(Took(outcome_)), "."), undo, "\n"));
}

void ChangeReport::PrintJson() {
  Json body = {{"outcome", LowerCase(api::Outcome::Code_Name(outcome_.code()))},
               {"exit", static_cast<int>(ExitOf(outcome_.code()))},
               {"message", outcome_.message()},
               {"dryRun", dry_run_},
               {"tookSeconds", absl::ToDoubleSeconds(Took(outcome_))}};
  if (has_stored_) body["stored"] = ToJson(stored_);
  Json progress = ToJson(progress_);
  body["replicas"] = {{"served", progress["served"]},
                      {"acked", progress["acked"]},
                      {"rejected", progress["rejected"]},
                      {"total", progress["total"]}};
  body["lagging"] = progress["lagging"];
  body["findings"] = FindingsJson(findings_);
  body["changes"] = PlanJson(plan_);
  if (has_stored_) body.update(also_);
  PrintDocument(console_, Document("ChangeResult", body));
}

}  // namespace penstock::cli
