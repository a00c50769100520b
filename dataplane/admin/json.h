// Writes JSON for the operators' pages, with two blanks of indent.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace penstock::admin {

class JsonWriter {
 public:
  void BeginObject() { Begin('{'); }
  void EndObject() { End('}'); }
  void BeginArray() { Begin('['); }
  void EndArray() { End(']'); }
  // Before each value of an object.
  void Key(std::string_view key);

  void String(std::string_view value);
  void Number(int64_t value);
  void Number(uint64_t value);
  void Number(double value);
  void Bool(bool value);

  template <typename T>
  void Field(std::string_view key, const T& value) {
    Key(key);
    Value(value);
  }

  // The document and a newline.
  std::string Take() { return std::move(out_) + "\n"; }

 private:
  void Value(std::string_view value) { String(value); }
  void Value(const std::string& value) { String(value); }
  void Value(const char* value) { String(value); }
  void Value(bool value) { Bool(value); }
  void Value(double value) { Number(value); }
  template <typename T>
    requires std::is_integral_v<T>
  void Value(T value) {
    if constexpr (std::is_signed_v<T>) {
      Number(static_cast<int64_t>(value));
    } else {
      Number(static_cast<uint64_t>(value));
    }
  }

  void Begin(char bracket);
  void End(char bracket);
  void Separate();
  void NewLine();

  std::string out_;
  int depth_ = 0;
  bool empty_ = true;  // nothing yet inside the innermost bracket
  bool after_key_ = false;
};

}  // namespace penstock::admin
