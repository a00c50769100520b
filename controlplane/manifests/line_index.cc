#include "controlplane/manifests/line_index.h"

#include <algorithm>

namespace penstock::manifests {
namespace {

bool IsContinuation(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

// Length of the UTF-8 character at the start of `text`, 0 if there is none.
size_t CharacterLength(std::string_view text) {
  auto byte = [&](size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u; };
  auto continued = [&](size_t i) { return i < text.size() && IsContinuation(text[i]); };
  unsigned first = byte(0);
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return continued(1) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    bool overlong = first == 0xE0 && byte(1) < 0xA0;
    bool surrogate = first == 0xED && byte(1) > 0x9F;
    return continued(1) && continued(2) && !overlong && !surrogate ? 3 : 0;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    bool overlong = first == 0xF0 && byte(1) < 0x90;
    bool too_large = first == 0xF4 && byte(1) > 0x8F;
    return continued(1) && continued(2) && continued(3) && !overlong && !too_large ? 4 : 0;
  }
  return 0;
}

bool IsBadControl(std::string_view text, size_t at) {
  char c = text[at];
  if (c == '\r') return at + 1 >= text.size() || text[at + 1] != '\n';
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
    size_t length = CharacterLength(text.substr(at));
    if (length == 0 || IsBadControl(text, at)) return at;
    at += length;
  }
  return std::string_view::npos;
}

}  // namespace penstock::manifests
