// Rules of TLSRoutes, TCPRoutes and UDPRoutes.
#pragma once

#include "controlplane/translator/findings.h"
#include "controlplane/translator/reader.h"
#include "controlplane/translator/rules.h"

namespace penstock::translator {

// One rule that carries bytes to the backends. REQUIRES: `route` is a route of layer 4.
TranslatedRules TranslateLayer4(const manifests::Object& route, Reader& reader, FindingSink& findings);

}  // namespace penstock::translator
