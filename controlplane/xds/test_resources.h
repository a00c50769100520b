// Resources and requests for the tests of this room.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "controlplane/rollout/publication.h"
#include "dataplane/snapshot/hash.h"
#include "proto/discovery/discovery.pb.h"

namespace penstock::xds_server {

inline rollout::ResourcePtr MakeResource(std::string_view type, const std::string& name, const std::string& bytes) {
  auto resource = std::make_shared<rollout::Resource>();
  resource->type_url = std::string(type);
  resource->name = name;
  resource->version = snapshot::ResourceVersion(type, name, bytes);
  resource->bytes = bytes;
  return resource;
}

inline rollout::ResourcePtr Route(const std::string& name, const std::string& bytes) {
  return MakeResource(snapshot::kRouteType, name, bytes);
}

inline rollout::Publication Published(uint64_t number, std::vector<rollout::ResourcePtr> upserts,
                                      std::vector<rollout::ResourceId> removals = {},
                                      const std::string& key = "default") {
  rollout::Publication publication{
      .key = key, .id = {1, number}, .upserts = std::move(upserts), .removals = std::move(removals), .generation = {}};
  publication.generation.set_epoch(1);
  publication.generation.set_number(number);
  return publication;
}

// "Cluster:a=1 Route:b=2 -Route:c Generation" : what a transaction says, in order; " | " between responses.
inline std::string Contents(const std::vector<std::string>& responses) {
  auto short_type = [](const std::string& type_url) { return type_url.substr(type_url.rfind('.') + 1); };
  std::string text;
  for (const std::string& bytes : responses) {
    discovery::v3::DeltaDiscoveryResponse response;
    response.ParseFromString(bytes);
    if (!text.empty()) text += " | ";
    std::string separator;
    for (const auto& resource : response.resources()) {
      const bool last = response.type_url() == snapshot::kGenerationType;
      text += separator + short_type(response.type_url());
      if (!last) text += ":" + resource.name() + "=" + resource.resource().value();
      separator = " ";
    }
    for (const std::string& name : response.removed_resources()) {
      text += separator + "-" + short_type(response.type_url()) + ":" + name;
      separator = " ";
    }
  }
  return text;
}

}  // namespace penstock::xds_server
