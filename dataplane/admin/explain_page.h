// POST /explain: what would happen to a request, decided on the running generation by the code that decides live
// traffic.
#pragma once

#include <string_view>

#include "dataplane/snapshot/explain.h"
#include "dataplane/snapshot/snapshot.h"
#include "dataplane/telemetry/scrape/status_server.h"

namespace penstock::admin {

// BODY is a JSON object; all of its fields may be left out:
//   {"method": "GET", "host": "shop.example", "path": "/users?id=7", "headers": {"x-env": "prod"}, "port": 80,
//    "address": "127.0.0.1", "seed": "42", "format": "text"}
// "format" is "json" (the default) or "text". A field that it does not know, or a path or host that a listener would
// refuse, is answered with 400 and the reason. FACTS: what is known here, besides SNAPSHOT.
telemetry::StatusReply ExplainPage(const snapshot::Snapshot& snapshot, snapshot::FactSource& facts,
                                   std::string_view body);

}  // namespace penstock::admin
