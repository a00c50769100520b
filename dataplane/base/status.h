#pragma once

#include <ostream>
#include <sstream>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "dataplane/base/strings.h"

// Errors are values. Early return with context:
//
//   RETURN_IF_ERROR(CheckPort(port));
//   RETURN_IF_ERROR(CheckPort(port)) << "listener " << name;       // "listener web: port 0 is not a port"
//   ASSIGN_OR_RETURN(Cidr cidr, ParseCidr(text));
//   ASSIGN_OR_RETURN(Cidr cidr, ParseCidr(text), _ << "allow[" << i << "]");
//
// In a coroutine use CO_RETURN_IF_ERROR and CO_ASSIGN_OR_RETURN, whose expression must not hold a co_await: name the
// awaited result first.
namespace penstock {

using absl::Status;
using absl::StatusOr;

// Collects context in front of an error's message. Converts to Status and to StatusOr<T>.
class StatusBuilder {
 public:
  explicit StatusBuilder(Status status) : status_(std::move(status)) {}

  template <typename T>
  StatusBuilder& operator<<(const T& value) & {
    context_ << value;
    return *this;
  }
  template <typename T>
  StatusBuilder&& operator<<(const T& value) && {
    context_ << value;
    return std::move(*this);
  }

  operator Status() const { return Build(); }  // NOLINT: implicit by design
  template <typename T>
  operator StatusOr<T>() const {  // NOLINT: implicit by design
    return Build();
  }

 private:
  Status Build() const {
    std::string context = context_.str();
    if (context.empty()) return status_;
    Status result(status_.code(), StrCat(context, ": ", status_.message()));
    status_.ForEachPayload([&](absl::string_view url, const absl::Cord& payload) { result.SetPayload(url, payload); });
    return result;
  }

  Status status_;
  std::ostringstream context_;
};

namespace status_internal {
inline Status ToStatus(Status status) { return status; }
template <typename T>
Status ToStatus(StatusOr<T> value) {
  return std::move(value).status();
}
}  // namespace status_internal
}  // namespace penstock

#define PENSTOCK_CONCAT_INNER(a, b) a##b
#define PENSTOCK_CONCAT(a, b) PENSTOCK_CONCAT_INNER(a, b)

// The switch keeps an `else` of the caller from binding to this `if`.
#define PENSTOCK_RETURN_IF_ERROR(expr, return_keyword)                                                            \
  switch (0)                                                                                                      \
  case 0:                                                                                                         \
  default:                                                                                                        \
    if (::penstock::Status penstock_status = ::penstock::status_internal::ToStatus(expr); penstock_status.ok()) { \
    } else /* NOLINT */                                                                                           \
      return_keyword ::penstock::StatusBuilder(std::move(penstock_status))

#define RETURN_IF_ERROR(expr) PENSTOCK_RETURN_IF_ERROR(expr, return)
#define CO_RETURN_IF_ERROR(expr) PENSTOCK_RETURN_IF_ERROR(expr, co_return)

#define PENSTOCK_ASSIGN_OR_RETURN(tmp, decl, expr, context, return_keyword) \
  auto tmp = (expr);                                                        \
  if (!tmp.ok()) {                                                          \
    ::penstock::StatusBuilder _(std::move(tmp).status());                   \
    return_keyword context;                                                 \
  }                                                                         \
  decl = *std::move(tmp)

#define PENSTOCK_ASSIGN_OR_RETURN_2(tmp, keyword, decl, expr) PENSTOCK_ASSIGN_OR_RETURN(tmp, decl, expr, _, keyword)
#define PENSTOCK_ASSIGN_OR_RETURN_3(tmp, keyword, decl, expr, context) \
  PENSTOCK_ASSIGN_OR_RETURN(tmp, decl, expr, (context), keyword)
#define PENSTOCK_PICK_4TH(a, b, c, d, ...) d
#define PENSTOCK_ASSIGN_OR_RETURN_N(...) \
  PENSTOCK_PICK_4TH(__VA_ARGS__, PENSTOCK_ASSIGN_OR_RETURN_3, PENSTOCK_ASSIGN_OR_RETURN_2, )

// The declaration and the expression may hold commas only inside parentheses.
#define ASSIGN_OR_RETURN(...) \
  PENSTOCK_ASSIGN_OR_RETURN_N(__VA_ARGS__)(PENSTOCK_CONCAT(penstock_or_, __COUNTER__), return, __VA_ARGS__)
#define CO_ASSIGN_OR_RETURN(...) \
  PENSTOCK_ASSIGN_OR_RETURN_N(__VA_ARGS__)(PENSTOCK_CONCAT(penstock_or_, __COUNTER__), co_return, __VA_ARGS__)
