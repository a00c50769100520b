#include "controlplane/management/read.h"

#include <algorithm>
#include <string>
#include <utility>

#include "api/manifests/v1/status.pb.h"
#include "controlplane/manifests/export.h"
#include "controlplane/manifests/kinds.h"
#include "dataplane/base/status.h"
#include "dataplane/base/strings.h"

namespace penstock::management {
namespace {

using manifests::Kind;
using manifests::Object;
using translator::StatePtr;
using translator::Upsert;

constexpr uint32_t kDefaultHistory = 20;
constexpr uint32_t kMaxHistory = 1000;
constexpr size_t kMaxLaggingAsked = 10;  // of which the first that rejected is told

absl::StatusOr<const Kind*> FindKind(const std::string& name) {
  if (name.empty() || name == "all") return nullptr;
  const Kind* kind = manifests::BuiltInKinds().FindByAnyName(name);
  if (kind != nullptr) return kind;
  const std::string_view nearest = manifests::BuiltInKinds().Nearest(name);
  return absl::InvalidArgumentError(
      StrCat("there is no kind \"", name.substr(0, 100), "\"",
             nearest.empty() ? std::string() : StrCat(": did you mean \"", nearest, "\"?")));
}

manifests::v1::Condition ServedCondition(uint64_t generation, const rollout::Spread& spread, absl::Time since) {
  manifests::v1::Condition condition;
  condition.set_type("Served");
  const bool served = spread.total > 0 && spread.served == spread.total;
  condition.set_status(served ? "True" : "False");
  condition.set_observed_generation(generation);
  condition.set_reason(served ? "Served" : spread.total == 0 ? "NoReplicaConnected" : "Pending");
  condition.set_message(StrCat(spread.served, "/", spread.total));
  condition.set_last_transition_time(rollout::ConditionTimes::Text(since));
  return condition;
}

// Of an object as it was, which the newest generation has in another form or not at all: how many replicas have that
// one says nothing about this one. `shown` is the generation that was asked for.
manifests::v1::Condition SupersededCondition(uint64_t generation, const store::GenerationRecord& shown) {
  manifests::v1::Condition condition;
  condition.set_type("Served");
  condition.set_status("False");
  condition.set_observed_generation(generation);
  condition.set_reason("Superseded");
  const bool known = shown.result != rollout::kSuperseded;
  condition.set_message(StrCat("changed or deleted since",
                               known ? StrCat("; generation ", shown.id.number, ": ", shown.result) : std::string()));
  condition.set_last_transition_time(rollout::ConditionTimes::Text(shown.time));
  return condition;
}

// A generation that was rejected is not on its way to anybody: says so, by whom, and if that replica is here, why.
void TellRejection(const rollout::Rollout& rollout, store::GenerationId changed, manifests::v1::Condition& served) {
  if (served.status() == "True" || !rollout.IsRejected(changed)) return;
  served.set_reason("Rejected");
  const std::string result = rollout.ResultOf(changed);
  std::string text = StrCat(served.message(), "; ", result);
  for (const auto& replica : rollout.Lagging(changed, kMaxLaggingAsked)) {
    if (replica.state() != "rejected" || replica.last_nack().problems().empty()) continue;
    if (!result.ends_with(" " + replica.id())) text += "; " + replica.id();
    text += ": " + replica.last_nack().problems(0);
    break;
  }
  served.set_message(text);
}

// What was refused is served by nobody, however many replicas have the generation.
template <typename Holder>
void AddServed(const manifests::v1::Condition& served, Holder& holder) {
  const auto& conditions = holder.conditions();
  const bool refused = std::any_of(conditions.begin(), conditions.end(), [](const manifests::v1::Condition& condition) {
    return condition.type() == "Accepted" && condition.status() == "False";
  });
  manifests::v1::Condition& added = *holder.add_conditions();
  added = served;
  if (!refused) return;
  added.set_status("False");
  added.set_reason("NotAccepted");
  added.set_message("not accepted, so that nothing of it is served");
}

// The message of the kind, with how many replicas serve the object's last change.
std::string StatusJson(manifests::v1::ObjectStatus status, const manifests::v1::Condition& served) {
  const google::protobuf::Message* message = nullptr;
  switch (status.kind_case()) {
    case manifests::v1::ObjectStatus::kGatewayClass:
      message = &status.gateway_class();
      break;
    case manifests::v1::ObjectStatus::kGateway:
      AddServed(served, *status.mutable_gateway());
      message = &status.gateway();
      break;
    case manifests::v1::ObjectStatus::kListenerSet:
      AddServed(served, *status.mutable_listener_set());
      message = &status.listener_set();
      break;
    case manifests::v1::ObjectStatus::kRoute:
      for (auto& parent : *status.mutable_route()->mutable_parents()) AddServed(served, parent);
      message = &status.route();
      break;
    case manifests::v1::ObjectStatus::kPolicy:
      for (auto& ancestor : *status.mutable_policy()->mutable_ancestors()) AddServed(served, ancestor);
      message = &status.policy();
      break;
    case manifests::v1::ObjectStatus::KIND_NOT_SET:
      return "";
  }
  return manifests::ToJson(*message);
}

// What is shown: the state of a generation, its record, and the state of now.
struct Shown {
  StatePtr state;
  store::GenerationRecord record;
  StatePtr newest;
  uint64_t epoch;  // of now
};

manifests::v1::Condition ServedConditionOf(rollout::Rollout& rollout, const Shown& shown, const Upsert& upsert) {
  const Upsert now = translator::FindObject(shown.newest, upsert.object->key());
  if (now.object == nullptr || now.last_generation != upsert.last_generation)
    return SupersededCondition(upsert.last_generation, shown.record);
  const store::GenerationId changed{.epoch = shown.epoch, .number = upsert.last_generation};
  manifests::v1::Condition served =
      ServedCondition(upsert.last_generation, rollout.SpreadOf(changed), rollout.SpreadSince(changed));
  TellRejection(rollout, changed, served);
  return served;
}

management::v1::GetResponse Show(rollout::Rollout& rollout, const Shown& shown, const Upsert& upsert) {
  const manifests::ObjectKey& key = upsert.object->key();
  management::v1::GetResponse response;
  management::v1::StoredObject& object = *response.mutable_object();
  object.mutable_ref()->set_group(key.group);
  object.mutable_ref()->set_kind(key.kind);
  object.mutable_ref()->set_namespace_(key.ns);
  object.mutable_ref()->set_name(key.name);
  object.set_json(manifests::ToJson(*upsert.object, manifests::Secrets::kRedacted));
  object.set_first_generation(upsert.first_generation);
  object.set_last_generation(upsert.last_generation);
  const auto found = translator::StatusOf(shown.state, key);
  if (found == nullptr) return response;
  manifests::v1::ObjectStatus status = *found;
  rollout.StampConditions(key, shown.record.time, status);
  object.set_status_json(StatusJson(std::move(status), ServedConditionOf(rollout, shown, upsert)));
  return response;
}

absl::StatusOr<bool> IsAskedFor(const management::v1::GetRequest& request, const Kind* kind, const Object& object) {
  const manifests::ObjectKey& key = object.key();
  if (kind != nullptr && (key.kind != kind->name || key.group != kind->group)) return false;
  if (!request.name().empty() && key.name != request.name()) return false;
  if (!request.namespace_().empty() && !key.ns.empty() && key.ns != request.namespace_()) return false;
  if (request.label_selector().empty()) return true;
  return manifests::MatchesSelector(object, request.label_selector());
}

void SetTime(google::protobuf::Timestamp* stamp, absl::Time time) {
  const int64_t micros = absl::ToUnixMicros(time);
  stamp->set_seconds(micros / 1'000'000);
  stamp->set_nanos(static_cast<int32_t>(micros % 1'000'000) * 1000);
}

}  // namespace

absl::Status ReadObjects(rollout::Rollout& rollout, const management::v1::GetRequest& request,
                         absl::FunctionRef<bool(const management::v1::GetResponse&)> take) {
  ASSIGN_OR_RETURN(const Kind* kind, FindKind(request.kind()));
  ASSIGN_OR_RETURN(StatePtr state, rollout.State(request.generation()));
  ASSIGN_OR_RETURN(store::GenerationRecord record, rollout.Record(request.generation()));
  ASSIGN_OR_RETURN(StatePtr newest, rollout.State(0));
  const Shown shown{.state = std::move(state),
                    .record = std::move(record),
                    .newest = std::move(newest),
                    .epoch = rollout.Newest().epoch};
  bool found = false;
  for (const Upsert& upsert : translator::AllObjects(shown.state)) {
    ASSIGN_OR_RETURN(const bool asked, IsAskedFor(request, kind, *upsert.object));
    if (!asked) continue;
    found = true;
    if (!take(Show(rollout, shown, upsert))) return absl::CancelledError("the caller went away");
  }
  if (found || request.name().empty()) return absl::OkStatus();
  return absl::NotFoundError(StrCat(kind == nullptr ? "object" : kind->name, " ",
                                    request.namespace_().empty() ? "" : request.namespace_() + "/", request.name(),
                                    " does not exist: see `penstock get all`"));
}

absl::StatusOr<management::v1::HistoryResponse> ReadHistory(rollout::Rollout& rollout,
                                                            const management::v1::HistoryRequest& request) {
  std::optional<manifests::ObjectKey> key;
  if (request.has_object()) {
    ASSIGN_OR_RETURN(key, KeyOf(request.object()));
  }
  const uint32_t limit = request.limit() == 0 ? kDefaultHistory : std::min(request.limit(), kMaxHistory);
  ASSIGN_OR_RETURN(std::vector<store::GenerationRecord> records, rollout.History(limit, key));
  management::v1::HistoryResponse response;
  for (const store::GenerationRecord& record : records) {
    management::v1::GenerationInfo& info = *response.add_generations();
    info.set_epoch(record.id.epoch);
    info.set_number(record.id.number);
    SetTime(info.mutable_time(), record.time);
    info.set_author(record.author);
    info.set_message(record.message);
    info.set_objects_changed(record.objects_changed);
    info.set_result(record.result);
    info.mutable_plan()->ParseFromString(record.plan);
  }
  return response;
}

absl::StatusOr<manifests::ObjectKey> KeyOf(const management::v1::ObjectRef& ref) {
  const Kind* kind = manifests::BuiltInKinds().Find(ref.group(), ref.kind());
  if (kind == nullptr) {
    ASSIGN_OR_RETURN(kind, FindKind(ref.kind()));
  }
  if (kind == nullptr || ref.name().empty()) return absl::InvalidArgumentError("an object is named by kind and name");
  manifests::ObjectKey key{.group = kind->group, .kind = kind->name, .ns = ref.namespace_(), .name = ref.name()};
  if (kind->cluster_scoped)
    key.ns.clear();
  else if (key.ns.empty())
    key.ns = "default";
  return key;
}

}  // namespace penstock::management
