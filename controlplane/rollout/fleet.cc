#include "controlplane/rollout/fleet.h"

#include <algorithm>
#include <optional>

#include "dataplane/base/strings.h"

namespace penstock::rollout {
namespace {

using management::v1::FleetStatus;
using management::v1::GroupStatus;
using management::v1::ReplicaStatus;

constexpr std::string_view kExpected = "expected";

void SetTime(google::protobuf::Timestamp* stamp, absl::Time time) {
  const int64_t nanos = absl::ToUnixNanos(time);
  stamp->set_seconds(nanos / 1'000'000'000);
  stamp->set_nanos(static_cast<int32_t>(nanos % 1'000'000'000));
}

absl::Time TimeOf(const google::protobuf::Timestamp& stamp) {
  return absl::FromUnixSeconds(stamp.seconds()) + absl::Nanoseconds(stamp.nanos());
}

void SetDuration(google::protobuf::Duration* duration, absl::Duration value) {
  const int64_t nanos = absl::ToInt64Nanoseconds(value);
  duration->set_seconds(nanos / 1'000'000'000);
  duration->set_nanos(static_cast<int32_t>(nanos % 1'000'000'000));
}

}  // namespace

void Fleet::Stored(GenerationId id, absl::Time now) {
  newest_ = id;
  stored_at_[id] = now;
  while (stored_at_.size() > kRemembered) stored_at_.erase(stored_at_.begin());
  while (!rejected_.empty() && rejected_.begin()->first < stored_at_.begin()->first) rejected_.erase(rejected_.begin());
}

void Fleet::RememberRejected(GenerationId id, std::string_view replica) { rejected_.try_emplace(id, replica); }

FleetStatus Fleet::Remembered(absl::Time now) const {
  FleetStatus remembered;
  for (const auto& [id, member] : members_) {
    if (!IsShown(member, now)) continue;
    ReplicaStatus& replica = *remembered.add_replicas();
    replica = Describe(member, now);
    if (member.session == 0 && Counts(member, now)) replica.set_state(std::string(kExpected));
  }
  return remembered;
}

void Fleet::Remember(const FleetStatus& before, absl::Time now) {
  for (const ReplicaStatus& replica : before.replicas()) {
    Member& member = members_[replica.id()];
    member.replica = {.id = replica.id(),
                      .group = replica.group(),
                      .zone = replica.zone(),
                      .build = replica.build(),
                      .held = {},
                      .weakened = {replica.weakened().begin(), replica.weakened().end()}};
    member.connected_since = TimeOf(replica.connected_since());
    member.last_seen = TimeOf(replica.last_seen());
    // How long this process was away says nothing about a replica that counted when it ended.
    absl::Time lost_at = TimeOf(replica.disconnected_since());
    member.expected = replica.connected() || (replica.state() == kExpected && now - lost_at <= kLostShown);
    member.lost_at = member.expected ? now : lost_at;
  }
  NoteFloor(ServedByAll(now), now);
}

std::string Fleet::Connected(SessionId session, const Replica& replica, absl::Time now) {
  ForgetOldMembers(now);
  Member& member = members_[replica.id];
  std::string replaced;
  if (member.session != 0) {
    sessions_.erase(member.session);
    replaced = member.replica.peer;
    if (now - member.replaced_at < kContestedFor) member.contested_at = now;
    member.replaced_at = now;
    member.replaced_peer = replaced;
  }
  member.expected = false;
  member.replica = replica;
  member.session = session;
  member.connected_since = now;
  member.last_seen = now;
  member.sent = {};
  member.acked = {};
  // What it says it holds counts as served only after it confirmed it on this stream.
  member.served = {};
  sessions_[session] = replica.id;
  NoteFloor({}, now);
  return replaced;
}

void Fleet::Sent(SessionId session, GenerationId id, absl::Time now) {
  Member* member = Find(session);
  if (member == nullptr) return;
  member->sent = id;
  member->last_seen = now;
}

void Fleet::Acked(SessionId session, GenerationId id, absl::Time now) {
  Member* member = Find(session);
  if (member == nullptr) return;
  member->acked = std::max(member->acked, id);
  member->last_seen = now;
}

void Fleet::Served(SessionId session, GenerationId id, absl::Time now) {
  Member* member = Find(session);
  if (member == nullptr) return;
  const bool confirmed_only = member->replica.held == id;
  member->acked = std::max(member->acked, id);
  member->served = id;
  member->replica.held = id;
  member->last_seen = now;
  member->lag = confirmed_only ? absl::ZeroDuration() : Behind(*member, id, now);
  NoteFloor(ServedByAll(now), now);
}

bool Fleet::Rejected(SessionId session, GenerationId id, const std::vector<std::string>& problems, absl::Time now) {
  Member* member = Find(session);
  if (member == nullptr) return false;
  member->nacked = id;
  member->nacked_at = now;
  member->problems = problems;
  member->last_seen = now;
  ++member->nacks;
  return rejected_.try_emplace(id, member->replica.id).second;
}

void Fleet::Lost(SessionId session, absl::Time now) {
  Member* member = Find(session);
  if (member == nullptr) return;
  member->session = 0;
  member->lost_at = now;
  member->last_seen = now;
  sessions_.erase(session);
  NoteFloor(ServedByAll(now), now);
}

void Fleet::SetProblem(const std::string& selector, const std::string& problem) {
  if (problem.empty())
    problems_.erase(selector);
  else
    problems_[selector] = problem;
}

GenerationId Fleet::Target(SessionId session) const {
  const Member* member = Find(session);
  if (member == nullptr || IsAhead(session)) return {};
  return std::max(NewestGood(), member->replica.held);
}

bool Fleet::IsAhead(SessionId session) const {
  const Member* member = Find(session);
  return member != nullptr && member->replica.held > newest_;
}

GenerationId Fleet::NewestGood() const {
  for (auto entry = stored_at_.rbegin(); entry != stored_at_.rend(); ++entry) {
    if (!rejected_.contains(entry->first)) return entry->first;
  }
  return {};
}

Spread Fleet::SpreadOf(GenerationId id, absl::Time now) const {
  Spread spread;
  for (const auto& [name, member] : members_) {
    if (!Counts(member, now)) continue;
    ++spread.total;
    if (member.served >= id) ++spread.served;
    if (member.acked >= id) ++spread.acked;
    if (member.nacked == id && member.served < id) ++spread.rejected;
  }
  return spread;
}

absl::Time Fleet::SpreadSince(GenerationId id, absl::Time now) {
  NoteFloor(ServedByAll(now), now);
  const bool served = floors_.back().served >= id;
  absl::Time since = floors_.back().since;
  for (auto floor = floors_.rbegin(); floor != floors_.rend() && (floor->served >= id) == served; ++floor) {
    since = floor->since;
  }
  auto stored = stored_at_.find(id);
  return stored == stored_at_.end() ? since : std::max(since, stored->second);
}

GenerationId Fleet::ServedByAll(absl::Time now) const {
  const GenerationId before = floors_.empty() ? GenerationId() : floors_.back().served;
  std::optional<GenerationId> lowest;
  for (const auto& [name, member] : members_) {
    if (!Counts(member, now)) continue;
    lowest = std::min(lowest.value_or(member.served), member.served);
    // Only a new connection lowers what all serve, and Connected() notes that.
    if (*lowest <= before) return *lowest;
  }
  return lowest.value_or(GenerationId());
}

void Fleet::NoteFloor(GenerationId served, absl::Time now) {
  if (!floors_.empty() && floors_.back().served == served) return;
  floors_.push_back({now, served});
  if (floors_.size() > kRemembered) floors_.erase(floors_.begin());
}

std::string Fleet::ResultOf(GenerationId id, absl::Time now) const {
  if (auto rejected = rejected_.find(id); rejected != rejected_.end()) return "rejected by " + rejected->second;
  const Spread spread = SpreadOf(id, now);
  if (spread.total == 0) return "stored; no replica connected";
  return StrCat("served ", spread.served, "/", spread.total);
}

std::string Fleet::EndOf(GenerationId id, absl::Time now) const {
  if (IsRejected(id)) return ResultOf(id, now);
  uint32_t total = 0, served = 0;
  for (const auto& [name, member] : members_) {
    if (!Counts(member, now)) continue;
    // What a replica held when it connected, it served before, though it has not confirmed it on this stream.
    const bool serves = std::max(member.served, member.replica.held) >= id;
    if (!serves && member.expected) return "";
    ++total;
    served += serves ? 1 : 0;
  }
  if (served == 0) return "";
  return StrCat(served == total ? "" : "superseded; ", "served ", served, "/", total);
}

std::vector<ReplicaStatus> Fleet::Lagging(GenerationId id, size_t limit, absl::Time now) const {
  std::vector<ReplicaStatus> lagging;
  for (const auto& [name, member] : members_) {
    if (lagging.size() == limit) break;
    if (Counts(member, now) && member.served < id) lagging.push_back(Describe(member, now));
  }
  return lagging;
}

size_t Fleet::Connected() const { return sessions_.size(); }

uint64_t Fleet::Nacks() const {
  uint64_t nacks = 0;
  for (const auto& [name, member] : members_) nacks += member.nacks;
  return nacks;
}

FleetStatus Fleet::Status(std::string_view replica, absl::Time now) const {
  FleetStatus status;
  status.set_epoch(newest_.epoch);
  status.set_generation(newest_.number);
  std::set<std::string> groups;
  for (const auto& [id, member] : members_) {
    if (!replica.empty() && id != replica) continue;
    if (!IsShown(member, now)) continue;
    groups.insert(member.replica.group);
    *status.add_replicas() = Describe(member, now);
  }
  for (const std::string& group : groups) *status.add_groups() = DescribeGroup(group, now);
  return status;
}

Fleet::Member* Fleet::Find(SessionId session) {
  auto found = sessions_.find(session);
  return found == sessions_.end() ? nullptr : &members_.find(found->second)->second;
}

const Fleet::Member* Fleet::Find(SessionId session) const {
  auto found = sessions_.find(session);
  return found == sessions_.end() ? nullptr : &members_.find(found->second)->second;
}

bool Fleet::Counts(const Member& member, absl::Time now) {
  return member.session != 0 || now - member.lost_at < (member.expected ? kExpectedGrace : kLostGrace);
}

bool Fleet::IsShown(const Member& member, absl::Time now) {
  return member.session != 0 || now - member.lost_at <= kLostShown;
}

absl::Duration Fleet::LagOf(const Member& member, absl::Time now) const {
  const GenerationId target = NewestGood();
  if (member.served >= target) return member.lag;
  return Behind(member, target, now);
}

absl::Duration Fleet::Behind(const Member& member, GenerationId id, absl::Time now) const {
  auto stored = stored_at_.find(id);
  if (stored == stored_at_.end()) return absl::ZeroDuration();
  return std::max(now - std::max(stored->second, member.connected_since), absl::ZeroDuration());
}

std::string_view Fleet::StateOf(const Member& member) const {
  if (member.session == 0) return member.expected ? kExpected : "lost";
  if (member.replica.held > newest_) return "ahead";
  if (member.nacked == newest_ && newest_.number != 0 && member.served < newest_) return "rejected";
  return member.served >= NewestGood() ? "serving" : "lagging";
}

void Fleet::ForgetOldMembers(absl::Time now) {
  if (members_.size() < 2 * sessions_.size() + 64 && members_.size() < kMaxReplicas) return;
  std::erase_if(members_, [&](const auto& entry) { return !IsShown(entry.second, now); });
}

ReplicaStatus Fleet::Describe(const Member& member, absl::Time now) const {
  ReplicaStatus status;
  status.set_id(member.replica.id);
  status.set_group(member.replica.group);
  status.set_zone(member.replica.zone);
  status.set_build(member.replica.build);
  status.set_connected(member.session != 0);
  SetTime(status.mutable_last_seen(), member.last_seen);
  SetTime(status.mutable_connected_since(), member.connected_since);
  if (member.session == 0) SetTime(status.mutable_disconnected_since(), member.lost_at);
  status.set_epoch(member.served.epoch);
  status.set_served_generation(member.served.number);
  status.set_sent_generation(member.sent.number);
  status.set_state(std::string(StateOf(member)));
  status.set_problem(ProblemOf(member, now));
  for (const std::string& setting : member.replica.weakened) status.add_weakened(setting);
  if (member.nacked.number != 0) {
    status.mutable_last_nack()->set_generation(member.nacked.number);
    SetTime(status.mutable_last_nack()->mutable_time(), member.nacked_at);
    for (const std::string& problem : member.problems) status.mutable_last_nack()->add_problems(problem);
  }
  return status;
}

std::string Fleet::ProblemOf(const Member& member, absl::Time now) const {
  if (now - member.contested_at < kContestedFor) {
    return StrCat("two data planes use this id, from ", member.replaced_peer, " and ", member.replica.peer,
                  ": give each its own --id");
  }
  auto problem = problems_.find(member.replica.selector);
  if (member.session == 0 || problem == problems_.end()) return "";
  return "gets no configuration: " + problem->second;
}

GroupStatus Fleet::DescribeGroup(const std::string& group, absl::Time now) const {
  GroupStatus status;
  status.set_group(group);
  status.set_generation(newest_.number);
  std::vector<absl::Duration> lags;
  bool rejected = false;
  for (const auto& [id, member] : members_) {
    if (member.replica.group != group || !Counts(member, now)) continue;
    lags.push_back(LagOf(member, now));
    status.set_serving(status.serving() + (member.served >= newest_ ? 1 : 0));
    status.set_nacks(status.nacks() + member.nacks);
    rejected |= StateOf(member) == "rejected";
  }
  status.set_replicas(static_cast<uint32_t>(lags.size()));
  const bool converged = status.serving() == status.replicas();
  status.set_state(rejected || IsRejected(newest_) ? "rejected" : converged ? "converged" : "converging");
  if (lags.empty()) return status;
  std::sort(lags.begin(), lags.end());
  SetDuration(status.mutable_lag_p99(), lags[(lags.size() * 99 + 99) / 100 - 1]);
  return status;
}

}  // namespace penstock::rollout
