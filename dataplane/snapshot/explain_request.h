#pragma once

#include "dataplane/base/arena.h"
#include "dataplane/http/message.h"
#include "dataplane/snapshot/admission.h"
#include "dataplane/snapshot/explain.h"

namespace penstock::snapshot {

// Writes REQUEST down as a client would and reads it as the data plane does, under the limits of SETTINGS. HEAD's views
// live in ARENA.
Admission ReadAsClientsSendIt(const ExplainRequest& request, const ClientSettings& settings, Arena& arena,
                              http::RequestHead& head);

// The fields as routes see them: without what ends at this hop, and with what the data plane says about a client that
// nobody trusts. REQUIRES: HEAD is canonical.
void CleanHead(const ExplainRequest& request, http::RequestHead& head, Arena& arena);

}  // namespace penstock::snapshot
