#include "dataplane/exchange/reason.h"

namespace penstock {
namespace {

constexpr ReasonRow kRows[] = {
#define X(id, name, status, text, help) {name, status, text, help},
    PENSTOCK_REASONS(X)
#undef X
};

}  // namespace

const ReasonRow& RowOf(Reason reason) { return kRows[static_cast<size_t>(reason)]; }

}  // namespace penstock
