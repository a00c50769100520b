// Text -> YAML documents, strictly. On top of yaml-cpp's events (its own tree accepts duplicate keys, cycles and
// aliases that grow without bound) and with these rules:
//  - UTF-8 without control characters but tab and line breaks; in JSON, \uD83D\uDE00 is one character;
//  - a key occurs once in a mapping, keys are scalars; no tags, no merge keys (<<);
//  - aliases add at most a budget of nodes, and none may contain itself;
//  - maps and lists nest at most so deep, a document has at most so many values; an unterminated quote is an error.
// A document that cannot be read is a finding; those after it are still read.
#pragma once

#include <cstddef>
#include <functional>
#include <string_view>

#include "controlplane/manifests/finding_sink.h"
#include "controlplane/manifests/yaml_tree.h"

namespace penstock::manifests {

struct YamlLimits {
  size_t max_depth = 64;
  size_t max_alias_nodes = 10'000;
  size_t max_documents = 20'000;
  size_t max_nodes = 1'000'000;  // of one document
};

// Calls `take` with each document that could be read, in order; empty documents are left out.
void ReadYaml(std::string_view text, const YamlLimits& limits, FindingSink& sink,
              const std::function<void(const Document&)>& take);

}  // namespace penstock::manifests
