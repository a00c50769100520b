#pragma once

#include "dataplane/base/chunk.h"
#include "dataplane/base/status.h"
#include "dataplane/base/task.h"
#include "dataplane/exchange/exchange.h"
#include "dataplane/proxy/place.h"
#include "dataplane/snapshot/settings.h"

namespace penstock::proxy {

// One request of one client, whatever the protocol: a request of HTTP/1, a stream of HTTP/2. Made by a session of
// downstream/, driven by HandleRequest. Writes are staged: small responses leave in one system call.
class ServerStream {
 public:
  virtual ~ServerStream() = default;

  // The request: head as received (no canonical part yet), request_body, peer, times. If the head was refused by the
  // codec, `reason` says why, and the head holds what was read of it.
  virtual Exchange& exchange() = 0;
  // Where it came in.
  virtual Place& place() = 0;
  virtual std::string_view scheme() const = 0;

  // The settings of the request's listener, for what is still to come of it (content limits, rates). Called before the
  // first Read() of the content.
  virtual void Apply(const snapshot::ClientSettings& settings) = 0;
  // The content is a stream of messages, which may be as rare as they are: no lowest rate, only the idle timeout. After
  // Apply. Of no effect in HTTP/1, which has no such calls.
  virtual void AllowRareContent() = 0;

  // 103 and the like, at once.
  virtual Task<Status> WriteInformational(const http::ResponseHead& head) = 0;

  // Stages exchange().response as the head. CLOSE: framing is in doubt, the connection ends after this response (where
  // it carries one request at a time). kInternal if the head cannot be written (a rewrite made an invalid field);
  // nothing was sent then.
  // A 101 whose framing is kTunnel makes the stream a tunnel: request_body now gives every byte until the client ends
  // its side, Write sends bytes as they are, End() ends this side and no more, and nothing has a deadline of its own.
  // In HTTP/2 the client sees 200 (RFC 8441); kUnimplemented where another success would make it believe in a tunnel.
  virtual Status StartResponse(bool close) = 0;
  // Takes the head back. REQUIRES: StartResponse was the last call.
  virtual void WithdrawResponse() = 0;
  // Stages content; sends when enough is there.
  virtual Task<Status> Write(Chunk chunk) = 0;
  // Sends what is staged.
  virtual Task<Status> Flush() = 0;
  // Ends the content, with trailers if the client takes them, and sends everything.
  virtual Task<Status> End(const http::Headers* trailers) = 0;
  // Breaks the response off so that the client sees it is not complete.
  virtual void Abort() = 0;

  // The client is gone: nothing can be delivered any more.
  virtual bool gone() const = 0;
};

}  // namespace penstock::proxy
