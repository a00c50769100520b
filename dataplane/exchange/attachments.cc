#include "dataplane/exchange/attachments.h"

#include <algorithm>

namespace penstock {

Task<void> Attachments::Sweep(bool all) {
  std::vector<Held> gone;
  auto leaves = [all](const Held& held) { return all || held.owner.expired(); };
  for (Held& held : held_) {
    if (leaves(held)) gone.push_back(std::move(held));
  }
  std::erase_if(held_, [](const Held& held) { return held.attachment == nullptr; });
  for (Held& held : gone) co_await held.attachment->Stop();
}

}  // namespace penstock
