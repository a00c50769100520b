#include "absl/time/clock.h"
#include "dataplane/base/status.h"
#include "tools/cli/change.h"
#include "tools/cli/render/fleet.h"
#include "tools/cli/render/human.h"
#include "tools/cli/render/json.h"
#include "tools/cli/text.h"
#include "tools/cli/verbs/verbs.h"

namespace penstock::cli {
namespace {

constexpr Flag kFlags[] = {
    {"for", 0, "served|acked", "what the replicas shall have done; default served"},
    {"replicas", 0, "N|N%", "how many of them; default 100%. A plain N is that many, however many are connected"},
    {"timeout", 0, "DURATION", "default 30s; exit 6 when it is over"},
};

absl::Status ReadReplicas(std::string_view text, api::WaitRequest& request) {
  uint32_t number = 0;
  bool percent = ConsumeSuffix(&text, "%");
  bool ok = ReadNumber(text, &number) && number >= 1 && (!percent || number <= 100);
  if (!ok) return absl::InvalidArgumentError("--replicas: write a number from 1 on, or a percentage like 90%");
  percent ? request.set_replicas_percent(number) : request.set_replicas_at_least(number);
  return absl::OkStatus();
}

// What was asked for and who is missing: "asked for: served by 3 replicas".
std::string MissedText(const api::WaitRequest& request, const api::FleetStatus& fleet) {
  constexpr int kShown = 10;
  std::string many = request.replicas_at_least() > 0  ? Count(request.replicas_at_least(), "replica")
                     : request.replicas_percent() > 0 ? StrCat(request.replicas_percent(), "% of the replicas")
                                                      : "all replicas";
  std::string text = StrCat("; asked for: ", request.wait() == api::ACKED ? "taken by " : "served by ", many);
  uint64_t wanted = request.generation() == 0 ? fleet.generation() : request.generation();
  int shown = 0;
  for (const api::ReplicaStatus& replica : fleet.replicas()) {
    if (replica.served_generation() >= wanted || ++shown > kShown) continue;
    StrAppend(&text, "\n  ", LaggingText(replica));
  }
  return text;
}

absl::StatusOr<api::WaitRequest> RequestOf(const CommandLine& line) {
  RETURN_IF_ERROR(line.ExpectPositionals(0, 1));
  api::WaitRequest request;
  uint64_t generation = 0;
  std::string_view typed = line.Positional(0);
  if (!typed.empty() && !ReadNumber(typed, &generation)) {
    return absl::InvalidArgumentError(StrCat("\"", typed, "\" is no generation; write its number"));
  }
  request.set_generation(generation);
  std::string wish = line.Get("for", "served");
  if (wish != "served" && wish != "acked")
    return absl::InvalidArgumentError(StrCat("--for ", wish, ": one of served, acked"));
  request.set_wait(wish == "served" ? api::SERVED : api::ACKED);
  if (line.Has("replicas")) RETURN_IF_ERROR(ReadReplicas(line.Get("replicas"), request));
  return request;
}

constexpr absl::Duration kBetweenTries = absl::Milliseconds(200);

// A control plane that is starting, or restarting, answers soon: nobody there is no answer to a wait before its time is
// over.
absl::Status WaitPatiently(Invocation& call, const api::WaitRequest& request, absl::Duration limit,
                           Client::OnStatus on_status) {
  absl::Time end = absl::Now() + limit;
  for (;;) {
    // A connection of its own for each try: one that failed would first wait out gRPC's pause.
    ASSIGN_OR_RETURN(std::unique_ptr<Client> client, OpenClient(call));
    absl::Status waited = client->Wait(request, end - absl::Now(), on_status);
    bool again = absl::IsUnavailable(waited) && client->NobodyAnswered() && absl::Now() + kBetweenTries < end;
    if (!again) return waited;
    call.console.Progress("waiting for the control plane to answer");
    absl::SleepFor(kBetweenTries);
  }
}

absl::StatusOr<Exit> RunWait(Invocation& call) {
  ASSIGN_OR_RETURN(api::WaitRequest request, RequestOf(call.line));
  ASSIGN_OR_RETURN(absl::Duration limit, call.line.Duration("timeout", absl::Seconds(30)));
  api::FleetStatus last;
  bool answered = false;
  auto on_status = [&](const api::FleetStatus& fleet) {
    last = fleet;
    answered = true;
    call.console.Progress(WaitText(fleet, request.generation()));
    return true;
  };
  absl::Status waited = WaitPatiently(call, request, limit, on_status);
  call.console.EndProgress();
  if (absl::IsDeadlineExceeded(waited) && !answered) {
    // Time was over in the middle of a try: still nobody was there.
    waited = absl::UnavailableError(StrCat("after ", absl::FormatDuration(limit), " no control plane has answered"));
  }
  if (absl::IsDeadlineExceeded(waited)) {
    waited = absl::DeadlineExceededError(StrCat("after ", absl::FormatDuration(limit), ": ",
                                                WaitText(last, request.generation()), MissedText(request, last)));
  }
  if (absl::IsAborted(waited)) waited = absl::DataLossError(waited.message());  // how the service says "rejected"
  RETURN_IF_ERROR(waited);
  if (call.console.format() == Format::kTable) {
    if (!call.console.quiet()) call.console.Out(WaitText(last, request.generation()) + "\n");
  } else {
    PrintDocument(call.console, Document("FleetStatus", ToJson(last)));
  }
  return Exit::kOk;
}

}  // namespace

const Verb kWait = {
    .name = "wait",
    .group = "Change",
    .summary = "Waits until a generation is served: a gate for scripts",
    .arguments = "[GENERATION]",
    .flags = kFlags,
    .shared_flags = {},
    .details =
        "Without a number, the newest generation at the time of the call. While no control plane answers it tries "
        "again, until the timeout: exit 7 then.",
    .example = "penstock wait --replicas 90% --timeout 1m",
    .run = RunWait,
};

}  // namespace penstock::cli
