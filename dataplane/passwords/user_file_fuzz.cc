#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "dataplane/passwords/user_file.h"

// Whatever a file holds: it is refused in one line, or each of its users is found again.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace penstock;
  StatusOr<passwords::UserFile> file = passwords::UserFile::Parse({reinterpret_cast<const char*>(data), size});
  if (!file.ok()) {
    if (ToStd(file.status().message()).find('\n') != std::string_view::npos) std::abort();
    return 0;
  }
  for (const passwords::User& user : file->users()) {
    if (file->Find(user.name) != &user || !passwords::UserNameFault(user.name).empty()) std::abort();
  }
  return 0;
}
