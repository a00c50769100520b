#include "controlplane/translator/resource.h"

#include <utility>

#include "dataplane/snapshot/hash.h"
#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"

namespace penstock::translator {
namespace {

std::string DeterministicBytes(const google::protobuf::Message& message) {
  std::string bytes;
  google::protobuf::io::StringOutputStream stream(&bytes);
  google::protobuf::io::CodedOutputStream coded(&stream);
  coded.SetSerializationDeterministic(true);
  message.SerializeToCodedStream(&coded);
  coded.Trim();
  return bytes;
}

}  // namespace

ResourcePtr MakeResource(std::string name, const google::protobuf::Message& message,
                         std::vector<std::string> gateways) {
  auto resource = std::make_shared<Resource>();
  resource->type_url = "type.googleapis.com/" + message.GetDescriptor()->full_name();
  resource->name = std::move(name);
  resource->bytes = DeterministicBytes(message);
  resource->version = snapshot::ResourceVersion(resource->type_url, resource->name, resource->bytes);
  resource->gateways = std::move(gateways);
  return resource;
}

}  // namespace penstock::translator
