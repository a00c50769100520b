#include "controlplane/rollout/identity.h"

#include <string_view>

namespace penstock::rollout {
namespace {

constexpr std::string_view kOperatorPrefix = "spiffe://penstock/operator/";
constexpr std::string_view kDataPlane = "spiffe://penstock/dataplane";
constexpr size_t kMaxNameBytes = 253;

// What may stand in logs, file names and messages without escaping.
bool IsName(std::string_view name) {
  if (name.empty() || name.size() > kMaxNameBytes) return false;
  for (char c : name) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                       c == '.' || c == '_' || c == '@';
    if (!plain) return false;
  }
  return true;
}

Identity ParseOne(const std::string& uri) {
  const std::string_view text = uri;
  if (text.starts_with(kOperatorPrefix)) {
    const std::string_view name = text.substr(kOperatorPrefix.size());
    if (IsName(name)) return {.role = Role::kOperator, .name = std::string(name), .uri = uri};
  }
  if (text == kDataPlane) return {.role = Role::kDataPlane, .name = "", .uri = uri};
  if (text.starts_with(kDataPlane) && text[kDataPlane.size()] == '/') {
    const std::string_view id = text.substr(kDataPlane.size() + 1);
    if (IsName(id)) return {.role = Role::kDataPlane, .name = std::string(id), .uri = uri};
  }
  return {};
}

}  // namespace

Identity ParseIdentity(const std::vector<std::string>& san_uris) {
  Identity found;
  for (const std::string& uri : san_uris) {
    Identity identity = ParseOne(uri);
    if (identity.role == Role::kNone) continue;
    if (found.role != Role::kNone && found.uri != identity.uri) return {};
    found = identity;
  }
  return found;
}

}  // namespace penstock::rollout
