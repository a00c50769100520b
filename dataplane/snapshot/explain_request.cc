#include "dataplane/snapshot/explain_request.h"

#include <algorithm>
#include <string>

#include "dataplane/base/strings.h"
#include "dataplane/http/forwarded.h"
#include "dataplane/http/h1/head_parser.h"
#include "dataplane/http/hop_by_hop.h"

namespace penstock::snapshot {

Admission ReadAsClientsSendIt(const ExplainRequest& request, const ClientSettings& settings, Arena& arena,
                              http::RequestHead& head) {
  std::string text = StrCat(request.method, " ", request.target, " HTTP/1.1\r\n");
  for (const auto& [name, value] : request.fields) text += StrCat(name, ": ", value, "\r\n");
  text += "\r\n";
  char* bytes = arena.Allocate(text.size());
  std::copy(text.begin(), text.end(), bytes);
  http::h1::RequestParser parser({.line_bytes = settings.max_request_line_bytes,
                                  .header_bytes = settings.max_header_bytes,
                                  .header_count = settings.max_header_count});
  http::h1::Progress progress = parser.Parse({bytes, text.size()}, head);
  if (progress == http::h1::Progress::kError) return RefusedHead(parser.error());
  // A line end inside of a name or value ends the head early: what follows would be another request.
  bool whole = progress == http::h1::Progress::kDone && parser.consumed() == text.size();
  if (!whole) return {Reason::kBadRequest, "a line end inside of the request"};
  return {};
}

void CleanHead(const ExplainRequest& request, http::RequestHead& head, Arena& arena) {
  http::StripRequest(head.headers);
  http::WriteForwarding(head.headers,
                        {.peer = arena.Copy(request.client.ToString()),
                         .scheme = arena.Copy(request.scheme),
                         .authority = head.authority,
                         .port = arena.Copy(std::to_string(request.port)),
                         .version = head.version,
                         .peer_trusted = false},
                        arena);
}

}  // namespace penstock::snapshot
