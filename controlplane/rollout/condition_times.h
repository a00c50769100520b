// Since when each condition of each object has its status: the Gateway API's lastTransitionTime. The translator knows
// no time, so that the times are kept here and, with the change that made them, in the store.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "api/manifests/v1/status.pb.h"
#include "controlplane/manifests/object.h"
#include "controlplane/translator/translate.h"

namespace penstock::rollout {

// Not thread-safe.
class ConditionTimes {
 public:
  // Names and values for the store's rollout state; an empty value erases the name.
  using Writes = std::vector<std::pair<std::string, std::string>>;

  // RFC 3339 in UTC, whole seconds.
  static std::string Text(absl::Time time);

  // What was stored before a restart. Names that are not ours are left alone.
  void Remember(std::string_view name, std::string_view value);

  // What has to be stored and adopted if `statuses` hold from `now` on. Only conditions that are new or whose status
  // differs get the time `now`; an object without any such has no write.
  Writes Changes(const std::vector<translator::StatusChange>& statuses, absl::Time now) const;
  // `writes` were stored.
  void Adopt(const Writes& writes);

  // Fills in the times of a status; `otherwise` for a condition that is not known with this status.
  void Stamp(const manifests::ObjectKey& key, absl::Time otherwise, manifests::v1::ObjectStatus& status) const;

 private:
  // By name in the store: an ObjectStatus with the type, status and time of each condition, serialised.
  std::map<std::string, std::string, std::less<>> kept_;
};

}  // namespace penstock::rollout
