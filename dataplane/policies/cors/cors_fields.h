#pragma once

#include "dataplane/http/headers.h"
#include "dataplane/policies/cors/cors_config.h"

namespace penstock::policies {

// Puts the fields of DECISION into a response: Vary is added to, the other fields are CORS's alone. They are views as
// CorsDecision says.
void SetCorsFields(const CorsDecision& decision, http::Headers& response);

// Removes what an upstream says of CORS from its response: where a CORS filter stands it alone says who may read the
// response, so that an origin that it does not allow cannot be let in by an upstream's "*" (Gateway API
// HTTPCORSFilter: the cross-origin request fails on the client side).
void RemoveCorsFields(http::Headers& response);

}  // namespace penstock::policies
