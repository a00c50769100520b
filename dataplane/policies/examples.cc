#include "dataplane/policies/examples.h"

#include <cstdlib>
#include <string>

#include "google/protobuf/text_format.h"
#include "proto/penstock/xds/v1/route.pb.h"

namespace penstock::policies {
namespace {

struct Row {
  std::string_view type;
  const char* message;
  const char* text;
};

constexpr Row kExamples[] = {
#include "dataplane/policies/examples_table.inc"
};

}  // namespace

std::unique_ptr<google::protobuf::Message> ExampleOf(std::string_view type) {
  // Names the message's file, so that it is linked in.
  xds::v1::Route::descriptor();
  for (const Row& row : kExamples) {
    if (row.type != type) continue;
    const auto* pool = google::protobuf::DescriptorPool::generated_pool();
    const google::protobuf::Descriptor* descriptor = pool->FindMessageTypeByName(row.message);
    if (descriptor == nullptr) std::abort();
    std::unique_ptr<google::protobuf::Message> message(
        google::protobuf::MessageFactory::generated_factory()->GetPrototype(descriptor)->New());
    if (!google::protobuf::TextFormat::ParseFromString(row.text, message.get())) std::abort();
    return message;
  }
  std::abort();
}

}  // namespace penstock::policies
