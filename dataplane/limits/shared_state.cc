// A file of its own: inlined into a function that is not built for the instruction, the exchange would become a call
// into a library that nobody links.
#include "dataplane/limits/shared_state.h"

namespace penstock::limits {

#if defined(__x86_64__)
[[gnu::target("cx16")]]  // every x86-64 processor since 2006 has it
#endif
bool SharedState::Replace(const LimitState& before, const LimitState& after) {
  return __sync_bool_compare_and_swap(&word_, std::bit_cast<Word>(before), std::bit_cast<Word>(after));
}

}  // namespace penstock::limits
