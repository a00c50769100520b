// Who may refer to whom across namespaces.
#pragma once

#include "controlplane/translator/reader.h"

namespace penstock::translator {

// Within a namespace always; into another one if a ReferenceGrant there says so. Asked before existence, so that nobody
// can find out what other namespaces hold.
bool IsPermitted(const ObjectKey& from, const ObjectKey& to, Reader& reader);

// `no ReferenceGrant in namespace "b" lets HTTPRoutes of "a" refer to Backend "x"`.
std::string NotPermittedText(const ObjectKey& from, const ObjectKey& to);

}  // namespace penstock::translator
