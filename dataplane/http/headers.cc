#include "dataplane/http/headers.h"

#include <algorithm>

namespace penstock::http {

const Field* Headers::Find(HeaderId id) const {
  if (!Has(id)) return nullptr;
  for (const Field& field : *this) {
    if (field.id() == id) return &field;
  }
  return nullptr;
}

const Field* Headers::Find(std::string_view name) const {
  HeaderId id = FindHeaderId(name);
  if (id != HeaderId::kOther) return Find(id);
  for (const Field& field : *this) {
    if (field.name() == name) return &field;
  }
  return nullptr;
}

std::string_view Headers::Get(HeaderId id) const {
  const Field* field = Find(id);
  return field == nullptr ? std::string_view() : field->value();
}

std::string_view Headers::Get(std::string_view name) const {
  const Field* field = Find(name);
  return field == nullptr ? std::string_view() : field->value();
}

size_t Headers::Count(HeaderId id) const {
  if (!Has(id)) return 0;
  return std::count_if(begin(), end(), [id](const Field& f) { return f.id() == id; });
}

size_t Headers::Count(std::string_view name) const {
  return std::count_if(begin(), end(), [name](const Field& f) { return f.name() == name; });
}

size_t Headers::Remove(std::string_view name) {
  HeaderId id = FindHeaderId(name);
  if (id != HeaderId::kOther) return Remove(id);
  return RemoveIf([name](const Field& f) { return f.name() == name; });
}

void Headers::CopyFrom(const Headers& other) {
  Clear();
  for (const Field& field : other) Append(field);
}

void Headers::Grow() {
  auto bigger = std::make_unique<Field[]>(size_t{capacity_} * 2);
  std::copy(fields_, fields_ + size_, bigger.get());
  heap_ = std::move(bigger);
  fields_ = heap_.get();
  capacity_ *= 2;
}

void Headers::SetField(const Field& field) {
  if (field.id() != HeaderId::kOther && !Has(field.id())) return Append(field);
  bool placed = false;
  RemoveIf([&](const Field& existing) {
    if (!SameName(existing, field)) return false;
    if (placed) return true;
    placed = true;
    const_cast<Field&>(existing) = field;
    return false;
  });
  if (!placed) Append(field);
}

bool Headers::SameName(const Field& a, const Field& b) const {
  return a.id() == b.id() && (a.id() != HeaderId::kOther || a.name() == b.name());
}

bool EqualsLower(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i) {
    char c = a[i];
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c | 0x20);
    if (c != b[i]) return false;
  }
  return true;
}

bool ListHas(std::string_view list, std::string_view token) {
  bool found = false;
  ForEachListItem(list, [&](std::string_view item) {
    found = EqualsLower(item, token);
    return !found;
  });
  return found;
}

}  // namespace penstock::http
