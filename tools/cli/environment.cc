#include "tools/cli/environment.h"

#include <unistd.h>

#include <string_view>

namespace penstock::cli {

Environment Environment::OfProcess() {
  std::map<std::string, std::string> values;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    std::string_view line = *entry;
    size_t equals = line.find('=');
    if (equals != std::string_view::npos) values.emplace(line.substr(0, equals), line.substr(equals + 1));
  }
  return Environment(std::move(values));
}

std::string Environment::Get(const std::string& name) const {
  auto it = values_.find(name);
  return it == values_.end() ? "" : it->second;
}

std::string Environment::ConfigFile() const {
  if (Has("PENSTOCK_CONFIG")) return Get("PENSTOCK_CONFIG");
  if (Has("XDG_CONFIG_HOME")) return Get("XDG_CONFIG_HOME") + "/penstock/config";
  return (Has("HOME") ? Get("HOME") : "/root") + "/.config/penstock/config";
}

}  // namespace penstock::cli
