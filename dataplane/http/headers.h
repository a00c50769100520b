#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "dataplane/base/ascii.h"
#include "dataplane/http/header_id.h"

namespace penstock::http {

// One header field. Views into bytes that somebody else keeps; the name is lower case.
class Field {
 public:
  Field() = default;
  // REQUIRES: name.size() < 65536, value.size() < 4 GiB (the parsers' limits see to that).
  Field(HeaderId id, std::string_view name, std::string_view value)
      : name_(name.data()),
        value_(value.data()),
        value_size_(static_cast<uint32_t>(value.size())),
        name_size_(static_cast<uint16_t>(name.size())),
        id_(id),
        flags_(FlagsOf(id, name)) {}

  HeaderId id() const { return id_; }
  std::string_view name() const { return {name_, name_size_}; }
  std::string_view value() const { return {value_, value_size_}; }
  uint8_t flags() const { return flags_; }  // of its name (HeaderFlag)

 private:
  const char* name_;
  const char* value_;
  uint32_t value_size_;
  uint16_t name_size_;
  HeaderId id_;
  uint8_t flags_;
};

// The header fields of one message: an ordered multimap of views. It owns no text: names and values live in the block
// that was parsed, in static storage, or in the Arena of the exchange, and must live as long as the Headers. Room for
// kInline fields inside; beyond that it grows on the heap once and keeps the room when it is cleared, so that a pooled
// object allocates nothing in steady state. One worker thread; not copyable.
class Headers {
 public:
  static constexpr size_t kInline = 112;  // 100 of the peer (the default limit) and what the proxy adds

  Headers() = default;
  Headers(const Headers&) = delete;
  Headers& operator=(const Headers&) = delete;

  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  const Field* begin() const { return fields_; }
  const Field* end() const { return fields_ + size_; }
  const Field& operator[](size_t i) const { return fields_[i]; }

  // Is there a field of this well-known name? One bit test. REQUIRES: id != kOther.
  bool Has(HeaderId id) const { return (present_ >> static_cast<int>(id)) & 1; }
  // NAME must be lower case in all that follows.
  bool Has(std::string_view name) const { return Find(name) != nullptr; }

  // The first field of that name, or nullptr.
  const Field* Find(HeaderId id) const;
  const Field* Find(std::string_view name) const;
  // The first value of that name, or "".
  std::string_view Get(HeaderId id) const;
  std::string_view Get(std::string_view name) const;
  size_t Count(HeaderId id) const;
  // Exactly one field of that well-known name. Two bit tests.
  bool HasOne(HeaderId id) const { return Has(id) && !((repeated_ >> static_cast<int>(id)) & 1); }
  size_t Count(std::string_view name) const;

  // Appends.
  void Add(HeaderId id, std::string_view value) { Append(Field(id, HeaderText(id), value)); }
  void Add(std::string_view name, std::string_view value) { Append(Field(FindHeaderId(name), name, value)); }
  void Append(const Field& field);

  // Replaces the first field of that name and removes the others; appends if there was none.
  void Set(HeaderId id, std::string_view value) { SetField(Field(id, HeaderText(id), value)); }
  void Set(std::string_view name, std::string_view value) { SetField(Field(FindHeaderId(name), name, value)); }

  // Removes all fields of that name; returns how many there were.
  size_t Remove(HeaderId id) {
    if (!Has(id)) return 0;
    return RemoveIf([id](const Field& f) { return f.id() == id; });
  }
  size_t Remove(std::string_view name);
  template <typename Predicate>
  size_t RemoveIf(Predicate remove);

  void Clear() {
    size_ = 0;
    present_ = repeated_ = 0;
  }
  // Makes this an equal list of the same views.
  void CopyFrom(const Headers& other);

 private:
  void Grow();
  void SetField(const Field& field);
  bool SameName(const Field& a, const Field& b) const;
  void Note(HeaderId id) {
    uint64_t bit = uint64_t{1} << static_cast<int>(id);
    repeated_ |= present_ & bit;
    present_ |= bit;
  }

  Field* fields_ = inline_;
  uint32_t size_ = 0;
  uint32_t capacity_ = kInline;
  uint64_t present_ = 0;   // bit i: a field with HeaderId i is in the list (bit 0: a field of another name was)
  uint64_t repeated_ = 0;  // bit i: more than one such field is
  std::unique_ptr<Field[]> heap_;
  Field inline_[kInline];
};

template <typename Predicate>
size_t Headers::RemoveIf(Predicate remove) {
  uint32_t kept = 0;
  present_ = repeated_ = 0;
  for (uint32_t i = 0; i < size_; ++i) {
    if (remove(static_cast<const Field&>(fields_[i]))) continue;
    if (kept != i) fields_[kept] = fields_[i];
    Note(fields_[kept].id());
    ++kept;
  }
  size_t removed = size_ - kept;
  size_ = kept;
  return removed;
}

inline void Headers::Append(const Field& field) {
  if (size_ == capacity_) Grow();
  fields_[size_++] = field;
  Note(field.id());
}

// a == B, where B is lower case ASCII and A is of any case.
bool EqualsLower(std::string_view a, std::string_view b);

// Calls TAKE(element) for every non-empty element of a comma-separated list, without the blanks around it (RFC
// 9110 5.6.1). TAKE returns false to stop. Quoted strings are not looked into: for lists of tokens only.
template <typename Take>
void ForEachListItem(std::string_view list, Take take) {
  while (!list.empty()) {
    size_t comma = list.find(',');
    std::string_view item = WithoutBlanks(list.substr(0, comma));
    list.remove_prefix(comma == std::string_view::npos ? list.size() : comma + 1);
    if (!item.empty() && !take(item)) return;
  }
}

// Does the comma-separated list hold TOKEN (lower case), in any case?
bool ListHas(std::string_view list, std::string_view token);

}  // namespace penstock::http
