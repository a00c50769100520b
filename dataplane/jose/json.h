#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "dataplane/base/status.h"

// JSON of strangers (RFC 8259), read strictly: UTF-8, no member name twice in an object, nothing before or after the
// value but white space, nothing that RFC 8259 does not know.
namespace penstock::jose {

struct JsonLimits {
  std::size_t max_bytes = std::size_t{16} * 1024;
  std::size_t max_depth = 32;     // arrays and objects in each other; REQUIRES: at most 256, the parser recurses
  std::size_t max_values = 4096;  // members and elements, all together
};
inline constexpr JsonLimits kTokenJson;
inline constexpr JsonLimits kKeySetJson{.max_bytes = 1 << 20, .max_depth = 32, .max_values = 16'384};

// kDouble: a number with a fraction or an exponent, and an integer that 64 bits with a sign do not hold.
enum class JsonKind : std::uint8_t { kNull, kBool, kInteger, kDouble, kString, kArray, kObject };

struct JsonDocument;  // json_document.h

// One value. A view, cheap to copy; valid while a copy of its Json lives.
class JsonValue {
 public:
  class Children;

  JsonKind kind() const;
  bool is_object() const { return kind() == JsonKind::kObject; }
  bool is_array() const { return kind() == JsonKind::kArray; }

  // Of a member; otherwise empty.
  std::string_view name() const;

  // A string's characters, which may be any, NUL and line feeds too; a number, true, false or null as it was written;
  // an array or object as it was written, white space too.
  std::string_view text() const;

  // nullopt: it is of another kind. A kInteger is a number, too.
  std::optional<std::string_view> string() const;
  std::optional<bool> boolean() const;
  std::optional<std::int64_t> integer() const;
  std::optional<double> number() const;

  // Members or elements, as they were written; none of a scalar.
  Children children() const;
  std::size_t size() const;

  // The member NAME of an object, by a look at each. nullopt: it has none, or this is no object.
  std::optional<JsonValue> Find(std::string_view name) const;

  // "realm_access.roles": the member `roles` of the member `realm_access`. Names may hold dots themselves
  // ("https://a.test/roles"): the shortest name that exists is the one that is followed.
  std::optional<JsonValue> FindPath(std::string_view path) const;

 private:
  friend class Json;
  JsonValue(const JsonDocument* document, std::uint32_t index) : document_(document), index_(index) {}

  const JsonDocument* document_;
  std::uint32_t index_;
};

// For range-based loops.
class JsonValue::Children {
 public:
  class Iterator {
   public:
    JsonValue operator*() const { return JsonValue(document_, index_); }
    Iterator& operator++();
    bool operator==(const Iterator& other) const { return index_ == other.index_; }

   private:
    friend class Children;
    Iterator(const JsonDocument* document, std::uint32_t index) : document_(document), index_(index) {}

    const JsonDocument* document_;
    std::uint32_t index_;
  };

  Iterator begin() const { return {document_, begin_}; }
  Iterator end() const { return {document_, end_}; }

 private:
  friend class JsonValue;
  Children(const JsonDocument* document, std::uint32_t begin, std::uint32_t end)
      : document_(document), begin_(begin), end_(end) {}

  const JsonDocument* document_;
  std::uint32_t begin_, end_;
};

// A document, immutable; copies share it, threads too.
class Json {
 public:
  // kInvalidArgument with a static text that says what is wrong, and nothing of what was read.
  static StatusOr<Json> Parse(std::string_view text, const JsonLimits& limits = kTokenJson);

  JsonValue root() const { return {document_.get(), 0}; }

 private:
  explicit Json(std::shared_ptr<const JsonDocument> document) : document_(std::move(document)) {}

  std::shared_ptr<const JsonDocument> document_;
};

}  // namespace penstock::jose
