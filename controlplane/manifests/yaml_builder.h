// Events of yaml-cpp -> Document, with the strict rules of yaml_reader.h.
#pragma once

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/mark.h>

#include <string>
#include <string_view>
#include <vector>

#include "controlplane/manifests/finding_sink.h"
#include "controlplane/manifests/line_index.h"
#include "controlplane/manifests/yaml_reader.h"
#include "controlplane/manifests/yaml_tree.h"

namespace penstock::manifests {

// Thrown through yaml-cpp to end a document whose reading makes no sense any more; the finding was already made.
struct StopReading {};

class YamlBuilder : public YAML::EventHandler {
 public:
  // Reads one part of a file: `text` begins at line `first_line` (from 0) of `lines`. All outlive the builder.
  YamlBuilder(std::string_view text, size_t first_line, const LineIndex& lines, const YamlLimits& limits,
              FindingSink& sink);

  // The document of the last OnDocumentStart. Its root is nullptr if it was empty or has an error that makes it
  // unusable.
  Document TakeDocument();
  // Where the document of the last OnDocumentStart begins.
  Position start() const { return start_; }

  void OnDocumentStart(const YAML::Mark& mark) override;
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override;
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override;
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override;
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value style) override;
  void OnSequenceEnd() override { Close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value style) override;
  void OnMapEnd() override;

 private:
  struct Open {
    Node* node;
    const Node* key = nullptr;  // of a mapping: waits for its value
  };

  Node& NewNode(NodeKind kind, const YAML::Mark& mark, YAML::anchor_t anchor);
  void OpenNode(NodeKind kind, const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor);
  void Close();
  // Puts a finished (or just opened) node into its parent, as key, value, item or root.
  void Place(const Node* node);
  void CheckKey(const Node& key);
  void RefuseDuplicates(const Node& mapping);
  void RefuseTag(const std::string& tag, const YAML::Mark& mark);
  // Where the value itself starts: behind its anchor and tag.
  size_t SkipProperties(const YAML::Mark& mark) const;
  uint32_t LengthAt(size_t byte, const Node& node, const YAML::Mark& mark);
  Position PositionOf(const YAML::Mark& mark, size_t byte, uint32_t length);

  std::string_view text_;
  size_t first_line_;
  size_t first_byte_;
  PositionFinder positions_;
  const YamlLimits& limits_;
  FindingSink& sink_;
  Document document_;
  Position start_;
  std::vector<Open> open_;
  std::vector<const Node*> anchors_;  // by anchor number, which yaml-cpp counts from 1
  size_t alias_nodes_ = 0;
};

}  // namespace penstock::manifests
