#pragma once

#include <map>
#include <string>

namespace penstock::cli {

// A copy of the process's environment: what verbs read instead of getenv, so that tests can give another.
class Environment {
 public:
  Environment() = default;
  explicit Environment(std::map<std::string, std::string> values) : values_(std::move(values)) {}
  static Environment OfProcess();

  // "" if unset; an empty variable counts as unset.
  std::string Get(const std::string& name) const;
  bool Has(const std::string& name) const { return !Get(name).empty(); }

  // $XDG_CONFIG_HOME/penstock/config, else ~/.config/penstock/config; PENSTOCK_CONFIG wins.
  std::string ConfigFile() const;

 private:
  std::map<std::string, std::string> values_;
};

}  // namespace penstock::cli
