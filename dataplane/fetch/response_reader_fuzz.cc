// An answer means the same however it is cut into pieces, and never more than may be taken.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "dataplane/fetch/response_reader.h"

namespace {

constexpr size_t kMaxBytes = 64;

std::string Outcome(std::string_view answer, size_t piece) {
  penstock::fetch::ResponseReader reader(kMaxBytes);
  penstock::Status status;
  while (!answer.empty() && status.ok()) {
    status = reader.Take(answer.substr(0, piece));
    answer.remove_prefix(std::min(piece, answer.size()));
  }
  if (status.ok()) status = reader.End();
  if (!status.ok()) return penstock::StrCat("- ", status.message());
  if (!reader.done()) std::abort();
  std::string content = reader.TakeContent();
  if (content.size() > kMaxBytes) std::abort();
  return "+ " + content;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view answer(reinterpret_cast<const char*>(data), size);
  std::string whole = Outcome(answer, std::max<size_t>(size, 1));
  if (Outcome(answer, 1) != whole || Outcome(answer, 7) != whole) std::abort();
  return 0;
}
