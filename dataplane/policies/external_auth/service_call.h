#pragma once

#include "dataplane/base/task.h"
#include "dataplane/exchange/exchange.h"
#include "dataplane/exchange/side_calls.h"
#include "dataplane/policies/external_auth/answer.h"
#include "dataplane/policies/external_auth/question.h"

namespace penstock::policies {

// Asks the service of CONFIG, in its protocol, within TIMEOUT. An error says why there is no answer, and names what
// the service said instead of one. Views live as long as X, which has services.
Task<StatusOr<Answer>> CallService(const ExternalAuthConfig& config, Question question, Duration timeout, Exchange& x);

}  // namespace penstock::policies
