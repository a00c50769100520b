// The descriptors of the kinds with the comments of their sources, which the generated code does not carry.
#pragma once

#include <string_view>

namespace penstock::manifests {

// A serialised google.protobuf.FileDescriptorSet, from the build.
std::string_view SchemaDescriptors();

}  // namespace penstock::manifests
