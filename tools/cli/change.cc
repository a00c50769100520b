#include "tools/cli/change.h"

#include "absl/time/clock.h"
#include "dataplane/base/ids.h"
#include "dataplane/base/status.h"
#include "tools/cli/interrupt.h"
#include "tools/cli/render/change_report.h"
#include "tools/cli/render/failure.h"
#include "tools/cli/text.h"

namespace penstock::cli {
namespace {

constexpr absl::Duration kDefaultWait = absl::Seconds(30);
constexpr absl::Duration kBeyondTheWait = absl::Seconds(30);  // for sending, storing and answering
constexpr absl::Duration kBetweenTries = absl::Milliseconds(500);

absl::StatusOr<api::WaitFor> WaitForOf(const CommandLine& line) {
  std::string wait = line.Get("wait", "served");
  if (wait == "served") return api::SERVED;
  if (wait == "acked") return api::ACKED;
  if (wait == "none") return api::NONE;
  return absl::InvalidArgumentError(StrCat("--wait ", wait, ": one of served, acked, none"));
}

ChangeState StateOf(const api::Stored& stored) {
  return {stored.unchanged() ? ChangeState::kUnchanged : ChangeState::kStored, stored.generation()};
}

std::string MayBeStoredText(Format format, const Json& also) {
  if (also.empty()) return "";
  return format == Format::kTable ? MembersText(also) : DocumentText(format, Document("MayBeStored", also));
}

}  // namespace

absl::StatusOr<api::ChangeOptions> ChangeOptionsOf(const CommandLine& line) {
  api::ChangeOptions options;
  Random random(SeedFromKernel());
  options.set_request_id(std::string(View(RequestId::Make(random).ToText())));
  options.set_message(line.Get("message"));
  ASSIGN_OR_RETURN(api::WaitFor wait, WaitForOf(line));
  options.set_wait(wait);
  ASSIGN_OR_RETURN(absl::Duration timeout, line.Duration("timeout", kDefaultWait));
  options.mutable_timeout()->set_seconds(absl::ToInt64Seconds(timeout));
  options.mutable_timeout()->set_nanos(static_cast<int>(absl::ToInt64Nanoseconds(timeout % absl::Seconds(1))));
  if (line.Has("if-generation")) {
    ASSIGN_OR_RETURN(uint64_t generation, line.Number("if-generation", 0));
    options.set_if_generation(generation);
  }
  options.set_dry_run(line.Has("dry-run"));
  options.set_allow_unresolved(line.Has("allow-unresolved"));
  return options;
}

absl::StatusOr<Exit> RunChange(Invocation& call, const api::ChangeOptions& options, std::span<const ManifestFile> files,
                               Send send, const Json& also) {
  absl::Duration wait = absl::Seconds(options.timeout().seconds()) + absl::Nanoseconds(options.timeout().nanos());
  absl::Time end_of_tries = absl::Now() + wait;
  absl::Time end = end_of_tries + kBeyondTheWait;
  ChangeReport report(call.console, files, options.dry_run(), also);
  Interrupt interrupt(MayBeStoredText(call.console.format(), also));
  ChangeState state;
  auto reach = [&](ChangeState reached) { interrupt.Set(state = reached); };
  auto on_event = [&](const api::ApplyEvent& event) {
    if (event.has_stored()) reach(StateOf(event.stored()));
    report.Take(event);
  };
  for (bool was_lost = false;;) {
    ASSIGN_OR_RETURN(std::unique_ptr<Client> client, OpenClient(call));
    if (!was_lost) reach({options.dry_run() ? ChangeState::kDryRun : ChangeState::kSent});
    absl::Status status = send(*client, end - absl::Now(), on_event);
    if (report.Done()) return report.Finish();
    was_lost |= client->ConnectionWasLost();
    bool again = was_lost && absl::IsUnavailable(status) && absl::Now() + kBetweenTries < end_of_tries;
    if (status.ok())
      status = absl::InternalError("the control plane ended the call without a result; see `penstock history`");
    if (!again) {
      bool may_be_stored = state.phase == ChangeState::kStored ||
                           (state.phase == ChangeState::kSent && (was_lost || absl::IsDeadlineExceeded(status)));
      if (!may_be_stored) return status;
      call.console.EndProgress();
      return TellFailure(absl::Status(status.code(), StrCat(status.message(), "\n  ", FateText(state))), call.console,
                         also);
    }
    call.console.Progress("  connection to the control plane lost; asking again for the same change");
    absl::SleepFor(kBetweenTries);
  }
}

absl::StatusOr<std::unique_ptr<Client>> OpenClient(const Invocation& call) {
  ASSIGN_OR_RETURN(Target target, ResolveTarget(call.line, call.environment));
  return Client::Open(target);
}

}  // namespace penstock::cli
