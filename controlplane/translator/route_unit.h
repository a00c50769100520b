// Route of any kind -> Routes.
#pragma once

#include "controlplane/translator/reader.h"
#include "controlplane/translator/state.h"

namespace penstock::translator {

RouteOutput TranslateRoute(const Upsert& route, Reader& reader);

}  // namespace penstock::translator
