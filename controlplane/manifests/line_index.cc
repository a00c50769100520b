#include "controlplane/manifests/line_index.h"

#include <algorithm>

#include "dataplane/base/printable.h"

namespace penstock::manifests {
namespace {

bool IsContinuation(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

// REQUIRES: a whole character begins there.
bool IsBadControl(std::string_view text, size_t at) {
  char c = text[at];
  if (c == '\r') return at + 1 >= text.size() || text[at + 1] != '\n';
  if (c == '\xC2') return text[at + 1] < '\xA0' && text[at + 1] != '\x85';  // U+0080 to U+009F but U+0085, a line break
  return (static_cast<unsigned char>(c) < 0x20 && c != '\t' && c != '\n') || c == 0x7F;
}

}  // namespace

LineIndex::LineIndex(std::string_view text) : text_(text) {
  starts_.push_back(0);
  for (size_t at = text.find('\n'); at != std::string_view::npos; at = text.find('\n', at + 1)) {
    starts_.push_back(at + 1);
  }
}

std::string_view LineIndex::Line(size_t line) const {
  if (line >= starts_.size()) return {};
  std::string_view found = text_.substr(starts_[line], StartOf(line + 1) - starts_[line]);
  while (!found.empty() && (found.back() == '\n' || found.back() == '\r')) found.remove_suffix(1);
  return found;
}

size_t LineIndex::LineOf(size_t byte) const {
  auto after = std::upper_bound(starts_.begin(), starts_.end(), byte);
  return static_cast<size_t>(after - starts_.begin()) - 1;
}

Position PositionFinder::At(size_t line, size_t byte, uint32_t length) {
  byte = std::min(byte, lines_.text().size());
  if (line != line_ || byte < byte_) {
    line_ = line;
    byte_ = std::min(lines_.StartOf(line), byte);
    characters_ = 0;
  }
  characters_ += CountCharacters(lines_.text().substr(byte_, byte - byte_));
  byte_ = byte;
  return {static_cast<uint32_t>(line + 1), characters_ + 1, length};
}

uint32_t CountCharacters(std::string_view bytes) {
  return static_cast<uint32_t>(std::count_if(bytes.begin(), bytes.end(), [](char c) { return !IsContinuation(c); }));
}

size_t FirstBadByte(std::string_view text) {
  for (size_t at = 0; at < text.size();) {
    size_t length = Utf8Length(text.substr(at));
    if (length == 0 || IsBadControl(text, at)) return at;
    at += length;
  }
  return std::string_view::npos;
}

}  // namespace penstock::manifests
