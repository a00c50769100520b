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
  std::string_view text() const { return text_; }
  size_t StartOf(size_t line) const { return line < starts_.size() ? starts_[line] : text_.size(); }
  // The line (from 0) of a byte.
  size_t LineOf(size_t byte) const;

 private:
  std::string_view text_;
  std::vector<size_t> starts_;
};

// Turns bytes into lines and columns. Remembers the last one, so that a walk from left to right costs no more than the
// text is long, be it all one line.
class PositionFinder {
 public:
  explicit PositionFinder(const LineIndex& lines) : lines_(lines) {}

  // The place of a byte, `length` characters long.
  Position At(size_t byte, uint32_t length) { return At(lines_.LineOf(byte), byte, length); }
  // The same if the line (from 0) is known.
  Position At(size_t line, size_t byte, uint32_t length);

 private:
  const LineIndex& lines_;
  size_t line_ = 0;
  size_t byte_ = 0;
  uint32_t characters_ = 0;  // from the start of line_ to byte_
};

// Characters (code points) in UTF-8 bytes.
uint32_t CountCharacters(std::string_view bytes);

// The offset of the first byte that is not UTF-8 (RFC 3629) or begins a control character (C0, DEL, C1) other than tab,
// LF, CR LF and U+0085; or npos.
size_t FirstBadByte(std::string_view text);

}  // namespace penstock::manifests
