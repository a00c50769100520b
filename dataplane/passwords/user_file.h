#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "dataplane/base/status.h"
#include "dataplane/passwords/password_hash.h"

namespace penstock::passwords {

inline constexpr size_t kMaxUserName = 256;

// What is wrong with a user's name (RFC 7617 2), as "has a colon"; "" nothing. Static text.
std::string_view UserNameFault(std::string_view name);

struct User {
  std::string name;
  PasswordHash hash;
};

// The file `htpasswd` of Apache's: a line "USER:HASH" for each user; empty ones and those that begin with "#" say
// nothing. Valid by existing, immutable.
class UserFile {
 public:
  static constexpr size_t kMaxUsers = 10'000;

  // InvalidArgument names the first line that is wrong ("line 3: the hash of ada is MD5 ..."), and holds no byte of
  // what is behind a colon.
  static StatusOr<UserFile> Parse(std::string_view text);

  UserFile(UserFile&&) = default;
  UserFile& operator=(UserFile&&) = default;

  // nullptr: nobody is called that.
  const User* Find(std::string_view name) const;
  // In the order of the file; at least one.
  std::span<const User> users() const { return users_; }

 private:
  UserFile() = default;
  Status TakeLine(std::string_view line);

  std::vector<User> users_;
  absl::flat_hash_map<std::string, size_t> by_name_;
};

}  // namespace penstock::passwords
