#include "dataplane/snapshot/admission.h"

#include <string>

#include "dataplane/http/forwarded.h"

namespace penstock::snapshot {
namespace {

Reason CheckMethod(const http::RequestHead& request) {
  if (request.method == http::Method::kConnect) return Reason::kUnsupportedMethod;
  if (request.method == http::Method::kTrace) return Reason::kMethodNotAllowed;
  return Reason::kNone;
}

Admission OfTarget(http::TargetResult result) {
  if (result == http::TargetResult::kOk) return {};
  std::string_view detail = http::TargetResultText(result);
  if (result == http::TargetResult::kRedirect) return {Reason::kPathRedirect, detail};
  bool host = result == http::TargetResult::kBadHost || result == http::TargetResult::kMissingHost;
  return {host ? Reason::kBadHost : Reason::kBadTarget, detail};
}

http::EscapedSlashes ModeOf(const ClientSettings& settings) {
  switch (settings.escaped_slashes) {
    case ClientSettings::EscapedSlashes::kReject:
      return http::EscapedSlashes::kReject;
    case ClientSettings::EscapedSlashes::kKeep:
      return http::EscapedSlashes::kKeep;
    case ClientSettings::EscapedSlashes::kRedirect:
      return http::EscapedSlashes::kRedirect;
  }
  return http::EscapedSlashes::kReject;
}

// Content whose length is known is refused before anybody reads it.
bool IsTooLarge(const http::RequestHead& request, const ClientSettings& settings) {
  uint64_t most = settings.max_request_body_bytes;
  return most != 0 && request.framing.kind == http::Framing::Kind::kLength && request.framing.length > most;
}

bool EndsHere(http::RequestHead& request, Arena& arena) {
  if (request.method != http::Method::kOptions || !request.headers.Has(http::HeaderId::kMaxForwards)) return false;
  uint32_t left = 0;
  for (char c : request.headers.Get(http::HeaderId::kMaxForwards)) {
    if (c < '0' || c > '9' || left > 1000) return false;
    left = left * 10 + (c - '0');
  }
  if (left > 0) request.headers.Set(http::HeaderId::kMaxForwards, arena.Copy(std::to_string(left - 1)));
  return left == 0;
}

Reason ReasonOf(http::h1::Error error) {
  switch (http::h1::StatusOf(error)) {
    case 414:
      return Reason::kRequestLineTooLong;
    case 431:
      return Reason::kHeadersTooLarge;
    case 505:
      return Reason::kUnsupportedVersion;
    case 417:
      return Reason::kExpectationFailed;
    case 501:
      return error == http::h1::Error::kMethodTooLong ? Reason::kUnsupportedMethod : Reason::kUnsupportedCoding;
    default:
      return error == http::h1::Error::kHost ? Reason::kBadHost : Reason::kBadRequest;
  }
}

}  // namespace

Admission RefusedHead(http::h1::Error error) { return {ReasonOf(error), Text(error)}; }

const Shared<CompiledListener>* ListenerForHandshake(const Snapshot& snapshot, const BindGroup& group,
                                                     std::string_view server_name) {
  const Shared<CompiledListener>* found = snapshot.FindListenerForHost(group, server_name);
  return found == nullptr && server_name.empty() ? &snapshot.DefaultListener(group) : found;
}

Admission AdmitAuthority(http::RequestHead& request, std::string_view scheme, Arena& arena) {
  Reason method = CheckMethod(request);
  if (method != Reason::kNone) return {method, ""};
  return OfTarget(http::ResolveAuthority(request, scheme, arena));
}

Admission AdmitPath(http::RequestHead& request, const ClientSettings& settings, Arena& arena) {
  Admission path = OfTarget(http::ResolvePath(request, ModeOf(settings), arena));
  if (path.ok() && IsTooLarge(request, settings)) return {Reason::kBodyTooLarge, ""};
  return path;
}

// Our own element, which is yet to be added, counts.
bool RunsInCircles(const http::RequestHead& request) { return http::CountLoops(request.headers) + 1 > http::kMaxLoops; }

Admission AdmitToListener(std::string_view of_host, std::string_view reached) {
  if (!of_host.empty() && of_host == reached) return {};
  return {Reason::kMisdirected, "the handshake named another server"};
}

bool AsksTheProxy(http::RequestHead& request, Arena& arena) { return request.path == "*" || EndsHere(request, arena); }

}  // namespace penstock::snapshot
