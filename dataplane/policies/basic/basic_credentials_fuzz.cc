#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "dataplane/passwords/password_hash.h"
#include "dataplane/passwords/user_file.h"
#include "dataplane/policies/basic/basic_credentials.h"

// Whatever a client sends: it is refused, or its user and password are such as there can be.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace penstock;
  Arena arena;
  http::RequestHead request;
  request.headers.Add("authorization", {reinterpret_cast<const char*>(data), size});
  policies::BasicCredentials found = policies::FindBasicCredentials(request, arena);
  bool good = passwords::UserNameFault(found.user).empty() && passwords::PasswordFault(found.password).empty();
  if (found.result.state == AuthResult::State::kAssumed && !good) std::abort();
  policies::RemoveBasicCredentials(request);
  policies::BasicCredentials left = policies::FindBasicCredentials(request, arena);
  if (left.result.state != AuthResult::State::kMissing) std::abort();
  return 0;
}
