// Listeners that want the same connections. The Gateway API: of one object, none of them is served; of several, the one
// that goes first keeps them, so that a new object cannot take traffic away: an older Gateway of the class (whatever
// the labels: a data plane without labels serves all of them), a Gateway before its ListenerSets, an older ListenerSet.
#pragma once

#include "controlplane/translator/owner_findings.h"
#include "controlplane/translator/reader.h"
#include "controlplane/translator/state.h"

namespace penstock::translator {

// Among the listeners of each object.
void FindConflictsInside(OwnerFindings& findings, GatewayOutput& output);

// Between objects: `self` is the Gateway.
void FindConflictsBetween(const Upsert& self, Reader& reader, OwnerFindings& findings, GatewayOutput& output);

// Notes listeners of TLS that have a hostname in common. A client may use one connection for both (RFC 9113 9.1.1), so
// people should know.
void FindOverlaps(GatewayOutput& output);

}  // namespace penstock::translator
