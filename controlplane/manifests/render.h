// Findings as people and programs read them.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "controlplane/manifests/finding.h"

namespace penstock::manifests {

struct RenderOptions {
  bool color = false;  // ANSI colours
  // The text of a file named in a finding, to show the line with a caret; nullopt: unknown, only the message is shown.
  std::function<std::optional<std::string_view>(std::string_view file)> source;
};

// One block per finding:
//   shop/products.yaml:9:22: error: spec.rules[0].backendRefs[1].name: Backend "produtcs-v2" does not exist [E101]
//      9 |     - {name: produtcs-v2, port: 8082, weight: 10}
//        |              ^^^^^^^^^^^ did you mean "products-v2"?
// A finding without a file starts with its object. Nothing in what users wrote reaches a terminal that would obey it
// (dataplane/base/printable.h).
std::string RenderText(std::span<const Finding> findings, const RenderOptions& options = {});

// A JSON array of {severity, code, file, line, column, length, object, path, message, suggestion}; ends with a newline.
std::string RenderJson(std::span<const Finding> findings);

// "2 errors, 1 warning"; "" if there are none.
std::string CountText(std::span<const Finding> findings);

}  // namespace penstock::manifests
