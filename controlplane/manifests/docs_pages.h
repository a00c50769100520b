// The pages under docs/ that are made from the code.
#pragma once

#include <map>
#include <string>

namespace penstock::manifests {

// By path from the repository's root: docs/messages.md, docs/reference/README.md and a page per kind.
std::map<std::string, std::string> GeneratedPages();

}  // namespace penstock::manifests
