#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "dataplane/base/arena.h"
#include "dataplane/base/status.h"
#include "dataplane/exchange/side_calls.h"
#include "dataplane/policies/external_auth/answer.h"
#include "dataplane/policies/external_auth/external_auth_config.h"
#include "dataplane/policies/external_auth/question.h"

// The question in gRPC (proto/authorization/check.proto), as Envoy asks it.
namespace penstock::policies {

inline constexpr std::string_view kCheckPath = "/envoy.service.auth.v3.Authorization/Check";
inline constexpr size_t kMaxCheckAnswer = size_t{64} << 10;
// Changes of fields that one answer may ask for: as many as a request may have fields.
inline constexpr int kMaxFieldEdits = 100;

// The content of the call: one message in its frame. What is not UTF-8 becomes U+FFFD, since protobuf has no other
// text.
std::string CheckContent(const Question& question, const ExternalAuthConfig& config);

// What a service answered. An error says in which way that is no answer: another end than OK, bytes that are no
// CheckResponse, more than kMaxFieldEdits, a field that no message can have, a wish that is not known here (to change
// the query). Fields that frame a message, end at a hop or say whom a request is for stay as they are, whatever it
// asks. Views live as long as ARENA.
StatusOr<Answer> ReadCheckAnswer(const SideResponse& answer, Arena& arena);

}  // namespace penstock::policies
