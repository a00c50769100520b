// What explain knows of API keys where no data plane runs: the hash that a key is known by.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <string_view>

#include "dataplane/snapshot/explain.h"

namespace penstock::translator {

// One of a thread. Keeps hashes as long as it lives, and no key.
class KeyFacts final : public snapshot::FactSource, public policies::Facts {
 public:
  const policies::Facts& About(Exchange&, std::string_view, size_t) override { return *this; }
  std::optional<std::string_view> Find(std::string_view name) const override;

 private:
  mutable std::deque<std::string> hashes_;
};

}  // namespace penstock::translator
