// A canonical path is a fixed point, holds nothing that a path may not hold, and never leaves the root.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "dataplane/http/uri.h"

namespace {

using namespace penstock::http;

void Require(bool holds) {
  if (!holds) std::abort();
}

std::string Escape(char c) {
  constexpr char kDigits[] = "0123456789ABCDEF";
  return {'%', kDigits[static_cast<uint8_t>(c) >> 4], kDigits[static_cast<uint8_t>(c) & 15]};
}

void CheckPath(std::string_view input, EscapedSlashes mode) {
  penstock::Arena arena;
  std::string_view path;
  if (CanonicalPath(input, mode, arena, path) != TargetResult::kOk) return;
  Require(path.starts_with('/'));
  Require(path.find("//") == path.npos);
  Require(path.find("/../") == path.npos && path.find("/./") == path.npos);
  Require(!path.ends_with("/..") && !path.ends_with("/."));
  for (char c : path)
    Require(static_cast<uint8_t>(c) > 0x20 && static_cast<uint8_t>(c) < 0x7F && c != '\\' && c != '#');
  if (mode == EscapedSlashes::kReject) {
    Require(path.find("%2F") == path.npos && path.find("%5C") == path.npos && path.find(';') == path.npos);
  }
  std::string_view again;
  Require(CanonicalPath(path, mode, arena, again) == TargetResult::kOk);
  Require(again == path);
  std::string_view unescaped = WithoutEscapedDelimiters(path, arena);
  Require(unescaped.size() <= path.size() && (unescaped.size() == path.size()) == (unescaped.data() == path.data()));
  Require(WithoutEscapedDelimiters(unescaped, arena) == unescaped);
  std::string delimiters;
  for (char c : path) delimiters += kPathDelimiters.find(c) == std::string_view::npos ? std::string(1, c) : Escape(c);
  Require(WithoutEscapedDelimiters(delimiters, arena) == unescaped);
}

void CheckAuthority(std::string_view input) {
  penstock::Arena arena;
  Authority authority;
  if (CanonicalAuthority(input, arena, authority) != TargetResult::kOk) return;
  Require(authority.text.starts_with(authority.host));
  Authority again;
  Require(CanonicalAuthority(authority.text, arena, again) == TargetResult::kOk);
  Require(again.text == authority.text && again.host == authority.host && again.port == authority.port);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view input(reinterpret_cast<const char*>(data), size);
  for (EscapedSlashes mode : {EscapedSlashes::kReject, EscapedSlashes::kKeep, EscapedSlashes::kRedirect}) {
    CheckPath(input, mode);
  }
  CheckAuthority(input);
  return 0;
}
