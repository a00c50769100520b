// Which namespaces a Gateway or listener lets in.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "api/manifests/v1/meta.pb.h"
#include "controlplane/translator/reader.h"

namespace penstock::translator {

// Gateway API LabelSelector.
bool Selects(const api::LabelSelector& selector, const std::map<std::string, std::string>& labels);

// `from`: All, Same (as `own`), Selector; anything else lets nobody in. `selector` is that of Selector.
bool AllowsNamespace(std::string_view from, const api::LabelSelector& selector, std::string_view own,
                     std::string_view ns, Reader& reader);

}  // namespace penstock::translator
