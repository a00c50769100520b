// The lines of a text, for positions that people understand.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "controlplane/manifests/source_map.h"

namespace penstock::manifests {

// Refers to the text that it was made of.
class LineIndex {
 public:
  explicit LineIndex(std::string_view text);

  size_t size() const { return starts_.size(); }
  // A line without its line break, counted from 0; "" behind the end.
  std::string_view Line(size_t line) const;
  size_t StartOf(size_t line) const { return line < starts_.size() ? starts_[line] : text_.size(); }
  // Line and column (from 1, in characters) of a byte, `length` characters long.
  Position At(size_t byte, uint32_t length) const;
  // The same if the line (from 0) is known.
  Position At(size_t line, size_t byte, uint32_t length) const;

 private:
  std::string_view text_;
  std::vector<size_t> starts_;
};

// Characters (code points) in UTF-8 bytes.
uint32_t CountCharacters(std::string_view bytes);

// The offset of the first byte that is not UTF-8 (RFC 3629), a control character other than tab, LF and CR LF, or npos.
size_t FirstBadByte(std::string_view text);

}  // namespace penstock::manifests
