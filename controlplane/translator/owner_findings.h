// Findings about a Gateway and about the ListenerSets that are translated with it.
#pragma once

#include <map>
#include <utility>
#include <vector>

#include "controlplane/translator/findings.h"
#include "controlplane/translator/state.h"

namespace penstock::translator {

class OwnerFindings {
 public:
  OwnerFindings(const manifests::Object& gateway, bool allow_unresolved)
      : allow_unresolved_(allow_unresolved), gateway_(Add(gateway)) {}
  OwnerFindings(const OwnerFindings&) = delete;

  FindingSink& Add(const manifests::Object& owner) {
    return sinks_.try_emplace(owner.key(), owner, allow_unresolved_).first->second;
  }

  FindingSink& gateway() { return gateway_; }
  // Who holds the listener is told about it.
  FindingSink& Of(const ListenerOutput& listener) { return sinks_.at(listener.owner); }

  std::vector<Finding> Take() {
    std::vector<Finding> all;
    for (auto& [owner, sink] : sinks_) {
      for (Finding& finding : sink.Take()) all.push_back(std::move(finding));
    }
    return all;
  }

 private:
  bool allow_unresolved_;
  std::map<ObjectKey, FindingSink> sinks_;
  FindingSink& gateway_;
};

}  // namespace penstock::translator
