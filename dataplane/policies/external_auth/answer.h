#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "dataplane/base/arena.h"
#include "dataplane/base/status.h"
#include "dataplane/exchange/side_calls.h"
#include "dataplane/http/headers.h"
#include "dataplane/policies/external_auth/external_auth_config.h"

namespace penstock::policies {

// A change of a message's fields that a service asks for. The name is in lower case, and neither frames a message nor
// ends at a hop.
struct FieldEdit {
  enum class How : uint8_t { kSet, kAdd, kAddIfAbsent, kSetIfPresent, kRemove };
  How how = How::kSet;
  http::HeaderId id = http::HeaderId::kOther;  // of the name
  std::string_view name = {};
  std::string_view value = {};  // "" of kRemove
};

// Makes the changes, in order. HEADERS then have views of EDITS' texts.
void Apply(std::span<const FieldEdit> edits, http::Headers& headers);

// What a service said, checked. Views of whoever made it: an exchange's arena, or a KeptAnswer.
struct Answer {
  bool allows = false;
  // Of one that refuses: what the client gets, besides TO_CLIENT.
  int status = 0;
  std::string_view content = {};
  std::string_view content_type = {};
  std::string_view said = {};  // for the log: "401", "PERMISSION_DENIED"

  std::span<const FieldEdit> to_backend = {};  // of one that allows
  std::span<const FieldEdit> to_client = {};
  // It is for nobody but who asked: it sets a cookie, or says so (cache-control: no-store).
  bool for_one = false;
};

// The answer of a service of HTTP. An error says in which way it is none. Views of ANSWER.
StatusOr<Answer> ReadHttpAnswer(const SideResponse& answer, const ExternalAuthConfig& config, Arena& arena);

}  // namespace penstock::policies
