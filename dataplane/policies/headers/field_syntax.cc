#include "dataplane/policies/headers/field_syntax.h"

#include <algorithm>

#include "dataplane/base/ascii.h"
#include "dataplane/base/status.h"

namespace penstock::policies {
namespace {

bool IsTokenCharacter(char c) {
  bool alphanumeric = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  return alphanumeric || std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

}  // namespace

bool IsToken(std::string_view text) { return !text.empty() && std::all_of(text.begin(), text.end(), IsTokenCharacter); }

absl::Status CheckFieldName(std::string_view name) {
  if (!IsToken(name)) return absl::InvalidArgumentError(StrCat("\"", name, "\" is no header field name"));
  if (name.size() > kMaxFieldName) {
    return absl::InvalidArgumentError(
        StrCat("the name has ", name.size(), " characters; at most ", kMaxFieldName, " are allowed"));
  }
  return absl::OkStatus();
}

absl::Status CheckFieldValue(std::string_view value) {
  if (value.size() > kMaxFieldValue) {
    return absl::InvalidArgumentError(
        StrCat("the value has ", value.size(), " characters; at most ", kMaxFieldValue, " are allowed"));
  }
  for (unsigned char c : value) {
    if ((c < ' ' && c != '\t') || c == 0x7f) {
      return absl::InvalidArgumentError("the value holds a control character");
    }
  }
  if (!value.empty() && (IsBlank(value.front()) || IsBlank(value.back()))) {
    return absl::InvalidArgumentError("the value begins or ends with a blank");
  }
  return absl::OkStatus();
}

std::string LowerCase(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

}  // namespace penstock::policies
