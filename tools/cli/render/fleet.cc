#include "tools/cli/render/fleet.h"

#include <algorithm>

#include "tools/cli/render/human.h"
#include "tools/cli/render/table.h"
#include "tools/cli/text.h"

namespace penstock::cli {

namespace api = ::penstock::management::v1;

namespace {

std::string Generation(uint64_t number) { return number == 0 ? "-" : StrCat(number); }

std::string BuildsOf(const api::FleetStatus& fleet, std::string_view group) {
  std::string builds;
  for (const api::ReplicaStatus& replica : fleet.replicas()) {
    std::string build = Printable(replica.build());
    if (replica.group() != group || builds.find(build) != std::string::npos) continue;
    StrAppend(&builds, builds.empty() ? "" : ",", build);
  }
  return builds;
}

std::string ConnectedText(const api::ReplicaStatus& replica, absl::Time now) {
  if (replica.connected()) return Ago(replica.connected_since(), now);
  return replica.has_disconnected_since() ? StrCat("not since ", Ago(replica.disconnected_since(), now)) : "-";
}

std::string NackText(const api::LastNack& nack, absl::Time now) {
  constexpr int kShown = 5;
  std::string text = StrCat("refused generation ", nack.generation(), " ", Ago(nack.time(), now), ":\n");
  for (int i = 0; i < nack.problems_size() && i < kShown; ++i)
    StrAppend(&text, "    ", Printable(nack.problems(i)), "\n");
  if (nack.problems_size() > kShown) StrAppend(&text, "    and ", nack.problems_size() - kShown, " more\n");
  return text;
}

}  // namespace

std::string FleetText(const api::FleetStatus& fleet, absl::Time now) {
  if (fleet.replicas().empty()) {
    std::string stored =
        fleet.generation() == 0 ? "nothing is applied yet" : StrCat("generation ", fleet.generation(), " is stored");
    return StrCat("no replica is connected; ", stored, "\n");
  }
  Table groups({"GROUP", "REPLICAS", "GENERATION", "STATE", "LAG p99", "NACKS", "BUILD"});
  for (const api::GroupStatus& group : fleet.groups()) {
    absl::Duration lag = absl::Seconds(group.lag_p99().seconds()) + absl::Nanoseconds(group.lag_p99().nanos());
    groups.Add({Printable(group.group()), StrCat(group.serving(), "/", group.replicas()),
                Generation(group.generation()), group.state(), HumanDuration(lag), StrCat(group.nacks()),
                BuildsOf(fleet, group.group())});
  }
  Table replicas({"REPLICA", "GROUP", "SERVES", "STATE", "SEEN", "CONNECTED"});
  std::string nacks;
  for (const api::ReplicaStatus& replica : fleet.replicas()) {
    replicas.Add({Printable(replica.id()), Printable(replica.group()), Generation(replica.served_generation()),
                  replica.state(), replica.connected() ? "now" : Ago(replica.last_seen(), now),
                  ConnectedText(replica, now)});
    if (!replica.problem().empty())
      StrAppend(&nacks, "\n", Printable(replica.id()), ": ", Printable(replica.problem()), "\n");
    if (replica.has_last_nack())
      StrAppend(&nacks, "\n", Printable(replica.id()), " ", NackText(replica.last_nack(), now));
    if (!replica.weakened().empty()) StrAppend(&nacks, "\n", Printable(replica.id()), " runs with weaker settings:\n");
    for (const std::string& setting : replica.weakened()) StrAppend(&nacks, "    ", Printable(setting), "\n");
  }
  return StrCat(groups.Text(), "\n", replicas.Text(), nacks);
}

std::string ReplicaText(const api::ReplicaStatus& replica, absl::Time now) {
  std::string text =
      StrCat("replica     ", Printable(replica.id()), "\ngroup       ", Printable(replica.group()), "\n");
  if (!replica.zone().empty()) StrAppend(&text, "zone        ", Printable(replica.zone()), "\n");
  StrAppend(&text, "build       ", Printable(replica.build()), "\nstate       ", replica.state(),
            "\nserves      generation ", Generation(replica.served_generation()), "\nsent        generation ",
            Generation(replica.sent_generation()), "\n");
  StrAppend(&text, "connected   ",
            replica.connected()
                ? "since " + Ago(replica.connected_since(), now)
                : StrCat("no, ", ConnectedText(replica, now), ", last seen ", Ago(replica.last_seen(), now)),
            "\n");
  for (const std::string& setting : replica.weakened()) StrAppend(&text, "weaker      ", Printable(setting), "\n");
  if (!replica.problem().empty()) StrAppend(&text, "problem     ", Printable(replica.problem()), "\n");
  if (replica.has_last_nack()) StrAppend(&text, "last NACK   ", NackText(replica.last_nack(), now));
  return text;
}

Exit ExitOf(const api::FleetStatus& fleet) {
  Exit exit = Exit::kOk;
  for (const api::GroupStatus& group : fleet.groups()) {
    if (group.state() == "rejected") return Exit::kRejected;
    if (group.state() != "converged") exit = Exit::kDiffers;
  }
  return exit;
}

std::string WaitText(const api::FleetStatus& fleet, uint64_t generation) {
  uint64_t wanted = generation == 0 ? fleet.generation() : generation;
  auto serves = [wanted](const api::ReplicaStatus& replica) { return replica.served_generation() >= wanted; };
  auto count = std::count_if(fleet.replicas().begin(), fleet.replicas().end(), serves);
  return StrCat("generation ", wanted, " served by ", count, "/", fleet.replicas_size());
}

std::string LaggingText(const api::ReplicaStatus& replica) {
  std::string serves =
      replica.served_generation() == 0 ? "" : StrCat(", serves generation ", replica.served_generation());
  if (replica.state() == "expected") serves = ": it has not come back since the control plane restarted";
  return StrCat(Printable(replica.id()), "  ", replica.state(), serves);
}

std::string Ago(const google::protobuf::Timestamp& time, absl::Time now) {
  if (time.seconds() == 0) return "never";
  absl::Duration age = now - absl::FromUnixSeconds(time.seconds());
  if (age < absl::Seconds(120)) return StrCat(std::max<int64_t>(0, absl::ToInt64Seconds(age)), " s ago");
  return HumanDuration(age) + " ago";
}

}  // namespace penstock::cli
