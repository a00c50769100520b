#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace penstock::cli {

// Columns as wide as their widest cell, two spaces between, the last one not padded. Widths count UTF-8 characters.
class Table {
 public:
  explicit Table(std::vector<std::string> header) { rows_.push_back(std::move(header)); }
  // Fewer cells than the header are empty ones.
  void Add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }
  bool empty() const { return rows_.size() == 1; }
  std::string Text() const;

 private:
  std::vector<std::vector<std::string>> rows_;
};

// Characters, not bytes; malformed UTF-8 counts a byte each.
size_t Width(std::string_view text);

}  // namespace penstock::cli
