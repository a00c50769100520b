#include "dataplane/http/method.h"

#include <iterator>

namespace penstock::http {
namespace {

struct Row {
  std::string_view text;
  bool safe;
  bool idempotent;
};

constexpr Row kRows[] = {
    {"", false, false},    {"GET", true, true},     {"HEAD", true, true},      {"POST", false, false},
    {"PUT", false, true},  {"DELETE", false, true}, {"CONNECT", false, false}, {"OPTIONS", true, true},
    {"TRACE", true, true}, {"PATCH", false, false},
};

}  // namespace

Method ParseMethod(std::string_view text) {
  for (size_t i = 1; i < std::size(kRows); ++i) {
    if (kRows[i].text == text) return static_cast<Method>(i);
  }
  return Method::kOther;
}

std::string_view MethodText(Method method) { return kRows[static_cast<size_t>(method)].text; }
bool IsIdempotent(Method method) { return kRows[static_cast<size_t>(method)].idempotent; }
bool IsSafe(Method method) { return kRows[static_cast<size_t>(method)].safe; }

}  // namespace penstock::http
