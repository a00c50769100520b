#include "dataplane/jose/json.h"

#include "dataplane/jose/json_document.h"

namespace penstock::jose {

StatusOr<Json> Json::Parse(std::string_view text, const JsonLimits& limits) {
  if (text.size() > limits.max_bytes) return absl::InvalidArgumentError("JSON: longer than allowed");
  auto document = std::make_shared<JsonDocument>();
  document->bytes = text;
  std::string_view error = ParseJson(*document, limits);
  if (!error.empty()) return absl::InvalidArgumentError(ToAbsl(error));
  return Json(std::move(document));
}

JsonKind JsonValue::kind() const { return document_->nodes[index_].kind; }
std::string_view JsonValue::name() const { return document_->At(document_->nodes[index_].name); }
std::string_view JsonValue::text() const { return document_->At(document_->nodes[index_].text); }

std::optional<std::string_view> JsonValue::string() const {
  if (kind() != JsonKind::kString) return std::nullopt;
  return text();
}

std::optional<bool> JsonValue::boolean() const {
  if (kind() != JsonKind::kBool) return std::nullopt;
  return document_->nodes[index_].integer != 0;
}

std::optional<std::int64_t> JsonValue::integer() const {
  if (kind() != JsonKind::kInteger) return std::nullopt;
  return document_->nodes[index_].integer;
}

std::optional<double> JsonValue::number() const {
  const JsonNode& node = document_->nodes[index_];
  if (node.kind == JsonKind::kInteger) return static_cast<double>(node.integer);
  if (node.kind == JsonKind::kDouble) return node.number;
  return std::nullopt;
}

JsonValue::Children JsonValue::children() const { return {document_, index_ + 1, document_->nodes[index_].end}; }

std::size_t JsonValue::size() const {
  return is_object() || is_array() ? static_cast<std::size_t>(document_->nodes[index_].integer) : 0;
}

JsonValue::Children::Iterator& JsonValue::Children::Iterator::operator++() {
  index_ = document_->nodes[index_].end;
  return *this;
}

std::optional<JsonValue> JsonValue::Find(std::string_view name) const {
  if (!is_object()) return std::nullopt;
  for (JsonValue member : children()) {
    if (member.name() == name) return member;
  }
  return std::nullopt;
}

std::optional<JsonValue> JsonValue::FindPath(std::string_view path) const {
  for (std::size_t dot = path.find('.'); dot != path.npos; dot = path.find('.', dot + 1)) {
    std::optional<JsonValue> member = Find(path.substr(0, dot));
    if (member.has_value()) return member->FindPath(path.substr(dot + 1));
  }
  return Find(path);
}

}  // namespace penstock::jose
