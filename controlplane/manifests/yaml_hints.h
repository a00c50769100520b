// What the reader of "YAML says no" needs to hear: the usual traps, recognised in the lines around the place.
#pragma once

#include <string>

#include "controlplane/manifests/line_index.h"

namespace penstock::manifests {

struct YamlHint {
  std::string message;
  std::string suggestion;  // "" if no trap was recognised
  size_t line = 0;         // from 0: where the trap is; may be above the line where the parser gave up
  size_t column = 0;       // bytes from 0
};

// `message` is yaml-cpp's own; `first_line` is where the document begins, so that no earlier one is blamed.
YamlHint ExplainYamlError(const LineIndex& lines, size_t first_line, size_t line, size_t column,
                          const std::string& message);

}  // namespace penstock::manifests
