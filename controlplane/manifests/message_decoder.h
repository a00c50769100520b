// One object's tree -> its message, field by field.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "api/manifests/v1/schema.pb.h"
#include "controlplane/manifests/finding_sink.h"
#include "controlplane/manifests/source_map.h"
#include "controlplane/manifests/yaml_tree.h"
#include "google/protobuf/message.h"

namespace penstock::manifests {

// Makes findings with the path and place of each field, and fills a SourceMap on its way. A field with an error stays
// unset.
class MessageDecoder {
 public:
  explicit MessageDecoder(FindingSink& sink) : sink_(sink), source_(sink.file()) {}

  // REQUIRES: `node` is a mapping. Called once.
  void Decode(const Node& node, google::protobuf::Message& message) { DecodeMessage(node, message); }
  SourceMap TakeSource();

 private:
  using Field = google::protobuf::FieldDescriptor;
  using Message = google::protobuf::Message;

  void DecodeMessage(const Node& node, Message& message);
  void DecodeMember(const Node::Member& member, const Field& field, Message& message);
  void DecodeSingle(const Node& node, const Field& field, Message& message);
  void DecodeList(const Node& node, const Field& field, Message& message);
  void DecodeMap(const Node& node, const Field& field, Message& message);
  // Sets the scalar `field`, or adds to it if it is a list.
  void DecodeScalar(const Node& node, const Field& field, const v1::FieldRules& rules, Message& message);
  void DecodeText(const Node& node, const Field& field, const v1::FieldRules& rules, Message& message);
  void DecodeBytes(const Node& node, const Field& field, const v1::FieldRules& rules, Message& message);
  void DecodeBool(const Node& node, const Field& field, Message& message);
  void DecodeNumber(const Node& node, const Field& field, const v1::FieldRules& rules, Message& message);

  bool CheckText(const Node& node, const v1::FieldRules& rules);
  bool CheckCount(const Node& node, size_t count, const v1::FieldRules& rules, const char* what);
  bool CheckLength(const Node& node, size_t length, const v1::FieldRules& rules);
  void CheckMapKey(const Node& key, const v1::FieldRules& rules);
  void CheckUnique(const Node& list, const Field& field);
  void CheckRequired(const Node& node, const Message& message, const std::vector<const Field*>& written);
  void CheckUnion(const Node& node, const Message& message, const std::vector<const Field*>& written);
  void CheckOnlyOne(const Node& node, const google::protobuf::Descriptor& message,
                    const std::vector<const Field*>& written);
  void UnknownField(const Node& key, const google::protobuf::Descriptor& message);
  void WrongType(const Node& node, const Field& field, std::string_view wanted, bool secret = false);

  void Error(std::string_view code, const Node& node, std::string message, std::string suggestion = "") {
    sink_.Error(code, node.position, path_.text(), std::move(message), std::move(suggestion));
  }

  FindingSink& sink_;
  FieldPath path_;
  SourceMap source_;
};

// The rules of a field; empty rules if it has none.
const v1::FieldRules& RulesOf(const google::protobuf::FieldDescriptor& field);

}  // namespace penstock::manifests
