#include "dataplane/base/status.h"

#include "absl/time/clock.h"
#include "tools/cli/change.h"
#include "tools/cli/render/fleet.h"
#include "tools/cli/render/json.h"
#include "tools/cli/render/listeners.h"
#include "tools/cli/text.h"
#include "tools/cli/verbs/verbs.h"

namespace penstock::cli {
namespace {

constexpr Flag kFlags[] = {
    {"watch", 'w', "", "go on until Ctrl-C, with every change"},
};

void Show(Console& console, const api::FleetStatus& fleet, bool one_replica) {
  if (console.format() != Format::kTable) return PrintDocument(console, Document("FleetStatus", ToJson(fleet)));
  const absl::Time now = absl::Now();
  console.Out(one_replica ? ReplicaText(fleet.replicas(0), now) : FleetText(fleet, now) + ListenersText(fleet, now));
}

// A table replaces the one before on a terminal; elsewhere they follow each other.
absl::StatusOr<Exit> WatchFleet(Invocation& call, Client& client, const api::StatusRequest& request) {
  std::string shown;
  auto on_status = [&](const api::FleetStatus& fleet) {
    std::string text = FleetText(fleet, absl::Now());
    if (text == shown) return true;
    shown = text;
    if (call.console.format() != Format::kTable) {
      Show(call.console, fleet, false);
    } else {
      call.console.Out(StrCat(call.console.clears() ? "\033[H\033[2J" : "", text, call.console.clears() ? "" : "\n"));
    }
    return call.console.lost_output().empty();
  };
  RETURN_IF_ERROR(client.Watch(request, on_status));
  if (!call.console.lost_output().empty()) return Exit::kOutputLost;
  return absl::UnavailableError("the control plane ended the stream");
}

absl::StatusOr<Exit> RunStatus(Invocation& call) {
  RETURN_IF_ERROR(call.line.ExpectPositionals(0, 1));
  api::StatusRequest request;
  std::string_view replica = call.line.Positional(0);
  ConsumePrefix(&replica, "replica/");
  request.set_replica(std::string(replica));
  ASSIGN_OR_RETURN(std::unique_ptr<Client> client, OpenClient(call));
  if (call.line.Has("watch")) return WatchFleet(call, *client, request);
  const bool one = !replica.empty();
  request.set_listeners(!one);
  ASSIGN_OR_RETURN(api::FleetStatus fleet, client->Status(request));
  if (one && fleet.replicas().empty()) {
    return absl::NotFoundError(
        StrCat("no replica \"", replica, "\" is connected or was in the last minutes; `penstock status` lists them"));
  }
  Show(call.console, fleet, one);
  return ExitOf(fleet);
}

}  // namespace

const Verb kStatus = {
    .name = "status",
    .group = "Look",
    .summary = "Shows the fleet: each replica, the generation it serves, its last refusal; and the listeners",
    .arguments = "[replica/ID]",
    .flags = kFlags,
    .shared_flags = {},
    .details = "Exit 0: all serve the newest generation. 1: not yet. 5: a replica refused it.",
    .example = "penstock status",
    .run = RunStatus,
};

}  // namespace penstock::cli
