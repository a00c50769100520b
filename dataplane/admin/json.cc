#include "dataplane/admin/json.h"

#include "dataplane/base/status.h"

namespace penstock::admin {

void JsonWriter::Key(std::string_view key) {
  String(key);
  out_ += ": ";
  after_key_ = true;
}

void JsonWriter::String(std::string_view value) {
  constexpr char kHex[] = "0123456789abcdef";
  Separate();
  out_ += '"';
  for (char c : value) {
    auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out_ += '\\';
      out_ += c;
    } else if (byte < 0x20 || byte >= 0x7f) {
      out_ += "\\u00";
      out_ += kHex[byte >> 4];
      out_ += kHex[byte & 15];
    } else {
      out_ += c;
    }
  }
  out_ += '"';
}

void JsonWriter::Number(int64_t value) {
  Separate();
  out_ += StrCat(value);
}

void JsonWriter::Number(uint64_t value) {
  Separate();
  out_ += StrCat(value);
}

void JsonWriter::Number(double value) {
  Separate();
  out_ += StrCat(value);
}

void JsonWriter::Bool(bool value) {
  Separate();
  out_ += value ? "true" : "false";
}

void JsonWriter::Begin(char bracket) {
  Separate();
  out_ += bracket;
  ++depth_;
  empty_ = true;
}

void JsonWriter::End(char bracket) {
  --depth_;
  if (!empty_) NewLine();
  out_ += bracket;
  empty_ = false;
}

void JsonWriter::Separate() {
  if (after_key_) {
    after_key_ = false;
    return;
  }
  if (depth_ == 0) return;
  if (!empty_) out_ += ',';
  NewLine();
  empty_ = false;
}

void JsonWriter::NewLine() {
  out_ += '\n';
  out_.append(static_cast<size_t>(depth_) * 2, ' ');
}

}  // namespace penstock::admin
