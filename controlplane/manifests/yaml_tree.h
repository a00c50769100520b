// A YAML document as a tree with the place of every node. Strict: see yaml_reader.h.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "controlplane/manifests/source_map.h"

namespace penstock::manifests {

enum class NodeKind : uint8_t { kNull, kScalar, kSequence, kMapping };

struct Node {
  struct Member {
    const Node* key;  // a scalar
    const Node* value;
  };

  NodeKind kind = NodeKind::kNull;
  bool plain = false;   // scalar: written without quotes, so that it may be a number, true, false
  uint32_t weight = 1;  // nodes in this tree with aliases written out
  Position position;
  std::string text;  // scalar
  std::vector<const Node*> items;
  std::vector<Member> members;
};

// Owns the nodes of one document. An alias is the same node again, never a cycle.
struct Document {
  std::deque<Node> nodes;
  const Node* root = nullptr;
  bool has_errors = false;  // findings were made while it was read, as about duplicate keys
};

// The value of `key` in a mapping; nullptr if `node` is none or has no such key.
const Node* FindMember(const Node& node, std::string_view key);

}  // namespace penstock::manifests
