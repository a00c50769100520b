#pragma once

#include <string>
#include <string_view>

#include "dataplane/base/status.h"
#include "dataplane/passwords/password_hash.h"

// What takes long: a tenth of a second of a processor each. Any thread, but never one with an event loop.
namespace penstock::passwords {

// Is it the password that HASH was made of? An error: it cannot be told, since libcrypt does not compute that here.
StatusOr<bool> Matches(const PasswordHash& hash, std::string_view password);

// A new hash, with a random salt and the cost that suits SCHEME today. InvalidArgument: nobody could come in with such
// a password (a control character, too long for the scheme, empty).
StatusOr<PasswordHash> Hash(Scheme scheme, std::string_view password);

}  // namespace penstock::passwords
