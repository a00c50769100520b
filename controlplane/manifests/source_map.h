// Where the fields of an object were written. Kept beside every parsed object, so it is small: 20 bytes a field.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace penstock::manifests {

struct Position {
  uint32_t line = 0;    // 1-based; 0: unknown
  uint32_t column = 0;  // 1-based, in characters (not bytes)
  uint32_t length = 0;  // characters to underline; 0: one

  friend bool operator==(const Position&, const Position&) = default;
};

// Field paths are written as in messages: `spec.rules[0].matches[1].path.value`, map keys as `metadata.labels.app` or,
// if the key has other characters than letters, digits, `-` and `_`, `metadata.labels["app.kubernetes.io/name"]`. "" is
// the object itself.
//
// A path is stored as its 64-bit FNV-1a hash: a collision (one in 10^19 pairs) would move a caret, nothing else.
class SourceMap {
 public:
  SourceMap() = default;
  explicit SourceMap(std::shared_ptr<const std::string> file) : file_(std::move(file)) {}

  // As the user named it; "" when the object did not come from a file.
  std::string_view file() const { return file_ == nullptr ? std::string_view() : *file_; }
  bool empty() const { return entries_.empty(); }

  void Add(uint64_t path_hash, Position position) { entries_.push_back({path_hash, position}); }
  // Ends filling. REQUIRES: called once, before Find.
  void Seal();

  // Was the field `path` written, by this very name?
  bool Has(std::string_view path) const { return Exact(path) != nullptr; }

  // Position of the field `path`, or of the nearest written field above it; {} if there is none at all.
  Position Find(std::string_view path) const;

 private:
  struct Entry {
    uint64_t path_hash;
    Position position;
  };

  const Position* Exact(std::string_view path) const;

  std::shared_ptr<const std::string> file_;
  std::vector<Entry> entries_;  // sorted by hash once sealed
};

// A field path under construction: text and hash grow and shrink together while a tree is walked.
class FieldPath {
 public:
  const std::string& text() const { return text_; }
  uint64_t hash() const { return hash_; }

  // Each returns a mark for Pop.
  struct Mark {
    size_t size;
    uint64_t hash;
  };
  Mark PushField(std::string_view name);
  Mark PushIndex(size_t index);
  Mark PushMapKey(std::string_view key);
  void Pop(Mark mark);

 private:
  Mark Append(std::string_view text);

  std::string text_;
  uint64_t hash_ = HashOfNothing();
  static constexpr uint64_t HashOfNothing() { return 14695981039346656037ull; }
};

uint64_t HashFieldPath(std::string_view path);

}  // namespace penstock::manifests
