#pragma once

#include <cstddef>
#include <string_view>

#include "dataplane/base/arena.h"
#include "dataplane/exchange/identity.h"
#include "dataplane/http/message.h"

namespace penstock::policies {

// What a request says in its header authorization, in the scheme Basic.
struct BasicCredentials {
  // kMissing: nothing. kInvalid: something that cannot be meant; WHY says what. kAssumed: a user and a password.
  AuthResult result;
  std::string_view user;      // UTF-8 without controls and colons
  std::string_view password;  // without controls
};

// Strict (RFC 7617 2): one field, base64 with its padding and nothing left over (RFC 4648 4). What it gives is in
// ARENA.
BasicCredentials FindBasicCredentials(const http::RequestHead& request, Arena& arena);

// Takes the field away if it is of the scheme Basic, or there twice, so that nobody behind takes it for a proof.
void RemoveBasicCredentials(http::RequestHead& request);

}  // namespace penstock::policies
