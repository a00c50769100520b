// The kinds that Penstock knows. A kind is a message in api/manifests/v1 with option (kind) plus one row in kinds.cc;
// names, versions and documentation come from the message, so nothing is said twice.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "google/protobuf/message.h"

namespace penstock::manifests {

struct Kind {
  std::string group;                                     // "gateway.networking.k8s.io"; "" core
  std::vector<std::string> versions;                     // accepted; the first is the one that is stored and written
  std::string name;                                      // "HTTPRoute"
  std::string plural;                                    // "httproutes"
  std::vector<std::string> short_names;                  // "hr"
  bool cluster_scoped = false;                           // has no namespace
  const google::protobuf::Message* prototype = nullptr;  // the default instance; lives as long as the process

  // "gateway.networking.k8s.io/v1", "v1" for the core group.
  std::string ApiVersion() const;
  std::string ApiVersion(std::string_view version) const;
};

// A set of kinds. Immutable; any thread; must outlive the objects of its kinds.
class KindTable {
 public:
  // REQUIRES: every prototype has option (kind) and the fields metadata (ObjectMeta), api_version and kind.
  explicit KindTable(std::span<const google::protobuf::Message* const> prototypes);

  const std::vector<Kind>& all() const { return kinds_; }

  // By group and exact kind, as manifests and references write it; nullptr if unknown.
  const Kind* Find(std::string_view group, std::string_view kind) const;
  // By what people type: kind, plural, singular or short name in any case, optionally with ".group"; nullptr if
  // unknown.
  const Kind* FindByAnyName(std::string_view name) const;
  // The kind whose name is nearest to a name that is not known, "" if none is near.
  std::string_view Nearest(std::string_view name) const;

 private:
  std::vector<Kind> kinds_;
};

// Every kind that this build supports.
const KindTable& BuiltInKinds();

}  // namespace penstock::manifests
