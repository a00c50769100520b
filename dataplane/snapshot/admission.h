#pragma once

#include <string_view>

#include "dataplane/base/arena.h"
#include "dataplane/exchange/reason.h"
#include "dataplane/http/h1/error.h"
#include "dataplane/http/message.h"
#include "dataplane/http/uri.h"
#include "dataplane/snapshot/settings.h"
#include "dataplane/snapshot/snapshot.h"

// What is decided about a request before its route is looked for. Pure: live traffic and explain ask the same questions
// in the same order, so that explain cannot say anything else.
namespace penstock::snapshot {

// kNone: go on. Otherwise the request is answered here and now for REASON, and DETAIL (static) says what was wrong.
struct Admission {
  Reason reason = Reason::kNone;
  std::string_view detail;

  bool ok() const { return reason == Reason::kNone; }
};

// Of a head that the HTTP/1 parser refused.
Admission RefusedHead(http::h1::Error error);

// The listener that answers a handshake in a GROUP of kHttps and kTls: for clients that send no SERVER_NAME ("") the
// one for any host, else the least specific one. nullptr: no listener has that name; the handshake gets the alert
// unrecognized_name (RFC 6066 3).
const Shared<CompiledListener>* ListenerForHandshake(const Snapshot& snapshot, const BindGroup& group,
                                                     std::string_view server_name);
inline constexpr std::string_view kUnknownServerName = "no listener serves the server name";

// In this order; each only if the one before let the request pass.

// The method, then the authority: makes it canonical, so that `request.host` names the listener.
Admission AdmitAuthority(http::RequestHead& request, std::string_view scheme, Arena& arena);
// The path as SETTINGS, the listener's, want it (kPathRedirect: `request.path` is where to go), and a content whose
// length is known.
Admission AdmitPath(http::RequestHead& request, const ClientSettings& settings, Arena& arena);
// Has it come through this proxy too often? Before the proxy adds its own Via.
bool RunsInCircles(const http::RequestHead& request);
// Where TLS is spoken. RFC 9110 7.4: a handshake counts for the listener that it REACHED alone. OF_HOST: the name of
// the listener for the request's host, "" if there is none.
Admission AdmitToListener(std::string_view of_host, std::string_view reached);
// OPTIONS *, or OPTIONS whose Max-Forwards ends here (RFC 9110 7.6.2): answered by the proxy itself. Counts
// Max-Forwards down.
bool AsksTheProxy(http::RequestHead& request, Arena& arena);

}  // namespace penstock::snapshot
