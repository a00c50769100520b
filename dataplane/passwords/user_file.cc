#include "dataplane/passwords/user_file.h"

#include <algorithm>

#include "dataplane/base/ascii.h"
#include "dataplane/base/printable.h"

namespace penstock::passwords {
namespace {

bool IsControl(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

bool IsUtf8(std::string_view text) {
  while (!text.empty()) {
    size_t length = Utf8Length(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

Status Invalid(std::string text) { return absl::InvalidArgumentError(std::move(text)); }

}  // namespace

std::string_view UserNameFault(std::string_view name) {
  if (name.empty()) return "is empty";
  if (name.size() > kMaxUserName) return "has more than 256 bytes";
  if (name.find(':') != std::string_view::npos) return "has a colon";
  if (std::any_of(name.begin(), name.end(), IsControl)) return "has a control character";
  if (name.front() == ' ' || name.back() == ' ') return "begins or ends with a blank";
  return IsUtf8(name) ? "" : "is not UTF-8";
}

StatusOr<UserFile> UserFile::Parse(std::string_view text) {
  UserFile file;
  // What editors of Windows put before UTF-8.
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  for (size_t number = 1; !text.empty(); ++number) {
    size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty() || line.starts_with('#')) continue;
    RETURN_IF_ERROR(file.TakeLine(line)) << "line " << number;
  }
  if (file.users_.empty()) return Invalid("has no line USER:HASH, so that nobody could come in");
  return file;
}

Status UserFile::TakeLine(std::string_view line) {
  if (IsBlank(line.front()) || IsBlank(line.back())) return Invalid("begins or ends with a blank");
  size_t colon = line.find(':');
  if (colon == std::string_view::npos) return Invalid("there is no colon between a user and a hash");
  std::string_view name = line.substr(0, colon);
  std::string_view fault = UserNameFault(name);
  if (!fault.empty()) return Invalid(StrCat("the user's name ", fault));
  StatusOr<PasswordHash> hash = PasswordHash::Parse(line.substr(colon + 1));
  if (!hash.ok()) {
    return Invalid(StrCat("the hash of ", Printable(name), " ", ToStd(hash.status().message()), "; ", kHowToHash));
  }
  if (users_.size() == kMaxUsers) return Invalid(StrCat("at most ", kMaxUsers, " users"));
  if (!by_name_.emplace(std::string(name), users_.size()).second) {
    return Invalid(StrCat("user ", Printable(name), " is there already, in a line before"));
  }
  users_.push_back({std::string(name), *std::move(hash)});
  return absl::OkStatus();
}

const User* UserFile::Find(std::string_view name) const {
  auto found = by_name_.find(ToAbsl(name));
  return found == by_name_.end() ? nullptr : &users_[found->second];
}

}  // namespace penstock::passwords
