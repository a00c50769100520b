#include "controlplane/manifests/json_text.h"

#include "controlplane/manifests/text.h"
#include "dataplane/base/printable.h"

namespace penstock::manifests {

std::string JsonString(std::string_view text) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string quoted = "\"";
  for (char c : text) {
    auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      Append(quoted, '\\', c);
    } else if (c == '\n') {
      quoted += "\\n";
    } else if (c == '\t') {
      quoted += "\\t";
    } else if (byte < 0x20 || byte == 0x7F) {
      Append(quoted, "\\u00", kHex[byte >> 4], kHex[byte & 15]);
    } else {
      quoted += c;
    }
  }
  return PrintableJson(ToUtf8(quoted + "\""));
}

}  // namespace penstock::manifests
