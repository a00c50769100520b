#include "dataplane/policies/cors/cors_fields.h"

#include <algorithm>
#include <iterator>
#include <string_view>

namespace penstock::policies {

void SetCorsFields(const CorsDecision& decision, http::Headers& response) {
  for (size_t i = 0; i < decision.field_count; ++i) {
    const CorsDecision::Field& field = decision.fields[i];
    if (field.name == "vary") {
      response.Add(field.name, field.value);
    } else {
      response.Set(field.name, field.value);
    }
  }
}

void RemoveCorsFields(http::Headers& response) {
  constexpr std::string_view kPrefix = "access-control-";
  constexpr std::string_view kOurs[] = {"allow-origin",  "allow-credentials", "allow-methods",
                                        "allow-headers", "expose-headers",    "max-age"};
  response.RemoveIf([&](const http::Field& field) {
    std::string_view name = field.name();
    if (!name.starts_with(kPrefix)) return false;
    name.remove_prefix(kPrefix.size());
    return std::find(std::begin(kOurs), std::end(kOurs), name) != std::end(kOurs);
  });
}

}  // namespace penstock::policies
