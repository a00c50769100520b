#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "dataplane/snapshot/compile.h"
#include "dataplane/snapshot/generation_log.h"

// Any bytes as last-known-good file: an error, or a generation that survives being written again, and that the compiler
// takes or refuses without harm. Few inputs have valid checksums, so the input is also taken as the payload of a
// resource.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace penstock::snapshot;
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  absl::StatusOr<GenerationLog> log = DecodeGenerationLog(bytes);
  if (log.ok()) {
    absl::StatusOr<GenerationLog> again = DecodeGenerationLog(EncodeGeneration(log->resources, log->generation));
    if (!again.ok() || again->resources.size() != log->resources.size()) std::abort();
    Compile(nullptr, {log->resources, {}, log->generation});
  }
  penstock::xds::v1::Generation generation;
  std::string file = EncodeGeneration({{std::string(bytes), "a", "", std::string(bytes)}}, generation);
  size_t cut = size == 0 ? 0 : data[0] * file.size() / 256;
  if (DecodeGenerationLog(std::string_view(file).substr(0, cut)).ok()) std::abort();
  if (DecodeGenerationLog(file)->resources[0].bytes != bytes) std::abort();
  return 0;
}
