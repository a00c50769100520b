#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "dataplane/base/arena.h"

namespace penstock::policies {

// Which parameters of queries hold what opens doors, so that logs show no value of them, whatever the place of a
// request: the well-known ones, and those that policies take credentials from. A name is meant however it is written:
// percent-encoded (RFC 3986 2.1), and in whatever case. Immutable, for all threads.
class SecretParameters {
 public:
  SecretParameters();  // the well-known ones

  // SET with NAMES; SET itself if it has them all.
  static std::shared_ptr<const SecretParameters> With(std::shared_ptr<const SecretParameters> set,
                                                      const std::vector<std::string>& names);

  // QUERY as logs may show it: "a=1&access_token=-&b=2". QUERY itself if it holds no secret, else text in ARENA.
  std::string_view Mask(std::string_view query, Arena& arena) const;

 private:
  // The name of a parameter as it is in a query.
  struct Written {
    std::string_view text;
  };
  // Of names in whatever form; so that nothing is decoded into memory first.
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view name) const;
    size_t operator()(Written name) const;
  };
  struct Equal {
    using is_transparent = void;
    bool operator()(std::string_view a, std::string_view b) const { return a == b; }
    bool operator()(std::string_view name, Written written) const;
  };

  void Add(std::string_view name);
  bool Has(std::string_view written) const;

  absl::flat_hash_set<std::string, Hash, Equal> names_;  // in lower case
  size_t longest_ = 0;
};

}  // namespace penstock::policies
