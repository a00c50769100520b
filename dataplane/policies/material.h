#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "dataplane/base/status.h"
#include "dataplane/fetch/fetcher.h"

namespace penstock::passwords {
class Checker;
}
namespace penstock::telemetry {
class Log;
}

namespace penstock::policies {

// State of policies that outlives generations: counters, key sets, connections. Kept under an identity, as long as a
// policy of a live generation holds it; so it survives every swap that leaves the identity alone. Configuration thread.
class Runtime {
 public:
  // The T of IDENTITY ("TYPE/..."), which MAKE makes if there is none. REQUIRES: one T for one identity.
  template <typename T, typename Make>
  std::shared_ptr<T> Get(std::string_view identity, Make make) {
    std::weak_ptr<void>& kept = kept_[std::string(identity)];
    if (std::shared_ptr<void> living = kept.lock()) return std::static_pointer_cast<T>(std::move(living));
    std::shared_ptr<T> made = make();
    kept = made;
    return made;
  }

  // Forgets what nobody holds any more.
  void Sweep() {
    std::erase_if(kept_, [](const auto& entry) { return entry.second.expired(); });
  }
  size_t size() const { return kept_.size(); }

 private:
  std::map<std::string, std::weak_ptr<void>, std::less<>> kept_;
};

// The bytes of Secrets, for policies that are made.
class SecretSource {
 public:
  virtual ~SecretSource() = default;
  // NotFound says which Secret or key is missing; never its contents.
  virtual StatusOr<std::string> Read(std::string_view secret, std::string_view key) const = 0;
};

// What policies are made with besides their configuration, while a generation is prepared.
struct Material {
  const SecretSource& secrets;
  Runtime& runtime;
  int workers = 1;
  fetch::Fetcher* fetcher = nullptr;  // null: nothing can be fetched here
  telemetry::Log* log = nullptr;
  passwords::Checker* passwords = nullptr;  // outlives the policies; null: no password can be checked here
};

}  // namespace penstock::policies
