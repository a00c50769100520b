// What counts as a wish to switch protocols, read once more in the plainest way; and nothing else ever does.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "dataplane/http/h1/head_parser.h"
#include "dataplane/http/h1/writer.h"
#include "dataplane/http/hop_by_hop.h"
#include "dataplane/http/upgrade.h"

namespace {

using namespace penstock::http;

void Require(bool holds) {
  if (!holds) std::abort();
}

std::string Lower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return lower;
}

std::string Trim(std::string_view text) {
  size_t begin = text.find_first_not_of(" \t");
  return begin == text.npos ? "" : std::string(text.substr(begin, text.find_last_not_of(" \t") - begin + 1));
}

// The values of the fields of a name, out of a head that was accepted.
std::vector<std::string> Values(std::string_view head, std::string_view name) {
  std::vector<std::string> values;
  for (size_t at = head.find("\r\n"); at != head.npos && at + 2 < head.size(); at = head.find("\r\n", at + 2)) {
    std::string_view line = head.substr(at + 2, head.find("\r\n", at + 2) - at - 2);
    size_t colon = line.find(':');
    if (colon != line.npos && Lower(line.substr(0, colon)) == name) values.push_back(Trim(line.substr(colon + 1)));
  }
  return values;
}

bool Lists(const std::vector<std::string>& values, std::string_view wanted) {
  for (const std::string& value : values) {
    std::string rest = value + ",";
    for (size_t comma; (comma = rest.find(',')) != rest.npos; rest.erase(0, comma + 1)) {
      if (Lower(Trim(rest.substr(0, comma))) == wanted) return true;
    }
  }
  return false;
}

// The protocol that a head names, "" if it is not exactly one.
std::string Named(std::string_view head) {
  std::vector<std::string> upgrade = Values(head, "upgrade");
  bool one = upgrade.size() == 1 && !upgrade[0].empty() && Lists(Values(head, "connection"), "upgrade");
  constexpr std::string_view kAllowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._";
  return one && upgrade[0].find_first_not_of(kAllowed) == std::string::npos ? upgrade[0] : "";
}

std::string Wished(std::string_view head) {
  std::string_view line = head.substr(0, head.find("\r\n"));
  std::vector<std::string> length = Values(head, "content-length");
  bool empty = length.empty() || length[0].find_first_not_of('0') == std::string::npos;
  bool plain = line.starts_with("GET ") && line.ends_with(" HTTP/1.1") && empty;
  bool stays = !Lists(Values(head, "connection"), "close");
  return plain && stays && Values(head, "transfer-encoding").empty() ? Named(head) : "";
}

// The head that goes on holds the wish if it was granted, and not a trace of it if it was not.
void CheckWritten(RequestHead& head) {
  StripRequest(head.headers);
  head.path = "/";
  for (std::string_view granted : {head.upgrade, std::string_view()}) {
    head.upgrade = granted;
    std::string written(h1::HeadSize(head), '\0');
    written.resize(h1::WriteRequestHead(head, false, {written.data(), written.size()}));
    Require(Named(written) == granted);
  }
}

void CheckRequest(const std::string& bytes) {
  std::string copy = bytes;
  RequestHead head;
  h1::RequestParser parser(h1::HeadLimits{});
  if (parser.Parse({copy.data(), copy.size()}, head) != h1::Progress::kDone) return;
  std::string_view text = std::string_view(bytes).substr(0, parser.consumed());
  if (text.starts_with("\r\n")) text.remove_prefix(2);
  Require(head.upgrade == Wished(text));
  CheckWritten(head);
}

void CheckResponse(const std::string& bytes) {
  std::string copy = bytes;
  ResponseHead head;
  h1::ResponseParser parser(h1::HeadLimits{});
  if (parser.Parse({copy.data(), copy.size()}, Method::kGet, head) != h1::Progress::kDone) return;
  std::string_view text = std::string_view(bytes).substr(0, parser.consumed());
  bool switches = text.starts_with("HTTP/1.1 101") && Lower(Named(text)) == "websocket";
  Require(SwitchesTo(head, "websocket") == switches);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string input(reinterpret_cast<const char*>(data), size);
  CheckRequest(input);
  CheckResponse(input);
  return 0;
}
