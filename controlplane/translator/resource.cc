#include "controlplane/translator/resource.h"

#include <utility>

#include "dataplane/base/canonical_bytes.h"
#include "dataplane/snapshot/hash.h"

namespace penstock::translator {

ResourcePtr MakeResource(std::string name, const google::protobuf::Message& message,
                         std::vector<std::string> gateways) {
  auto resource = std::make_shared<Resource>();
  resource->type_url = "type.googleapis.com/" + message.GetDescriptor()->full_name();
  resource->name = std::move(name);
  resource->bytes = CanonicalBytes(message);
  resource->version = snapshot::ResourceVersion(resource->type_url, resource->name, resource->bytes);
  resource->gateways = std::move(gateways);
  return resource;
}

}  // namespace penstock::translator
