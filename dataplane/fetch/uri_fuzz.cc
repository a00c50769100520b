// What is taken apart can be put together again, and means the same; nothing gets in that would split a request.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "dataplane/fetch/uri.h"

namespace {

using namespace penstock::fetch;

void Require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view input(reinterpret_cast<const char*>(data), size);
  penstock::StatusOr<Uri> uri = ParseUri(input, Schemes::kAlsoHttp);
  Require(uri.ok() || absl::IsInvalidArgument(uri.status()));
  if (!uri.ok()) return 0;
  Require(uri->tls == ParseUri(input, Schemes::kHttps).ok());
  Require(!uri->host.empty() && uri->port != 0 && uri->target.starts_with('/'));
  for (const std::string& part : {uri->host, uri->authority, uri->target}) {
    for (char c : part) Require(c > 0x20 && c < 0x7F);
  }
  std::string text = penstock::StrCat(uri->tls ? "https://" : "http://", uri->authority, uri->target);
  penstock::StatusOr<Uri> again = ParseUri(text, Schemes::kAlsoHttp);
  if (text.size() > kMaxUriBytes) return 0;
  Require(again.ok() && again->tls == uri->tls && again->host == uri->host && again->port == uri->port);
  Require(again->authority == uri->authority && again->target == uri->target);
  return 0;
}
