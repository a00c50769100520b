#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "dataplane/snapshot/snapshot.h"

namespace penstock::snapshot {

// The listeners of one place, by host name.
class BindGroup {
 public:
  // PROTOCOL: of one of its listeners; kHttps stands for kTls, too.
  BindGroup(BindKey key, ListenerProtocol protocol) : key_(std::move(key)), protocol_(protocol) {}
  const BindKey& key() const { return key_; }
  ListenerProtocol protocol() const { return protocol_; }

  // False if there is one of that host name.
  bool Add(const CompiledListener& listener);
  // The name of the listener with the most specific host name for HOST, or nullptr.
  const std::string* Find(std::string_view host) const;
  // The name of the least specific.
  const std::string& least_specific() const { return least_specific_->second; }

 private:
  absl::flat_hash_map<std::string, std::string> exact_;
  absl::flat_hash_map<std::string, std::string> wildcards_;  // "*.a.example" as "a.example"
  std::unique_ptr<const std::string> any_;
  std::unique_ptr<const std::pair<std::string, std::string>> least_specific_;  // host name, listener
  BindKey key_;
  ListenerProtocol protocol_;
};

}  // namespace penstock::snapshot
