#pragma once

#include "dataplane/base/task.h"
#include "dataplane/exchange/verdict.h"
#include "dataplane/http/uri.h"
#include "dataplane/proxy/call.h"

// The steps of HandleRequest, in order.
namespace penstock::proxy {

// accept.cc: makes the request canonical and decides it. kNone, or why it is answered here and now.
Reason Accept(Call& call);

// answer.cc: fills in x.response and x.response_body.
Task<void> Answer(Call& call, Reason refused);

// audit.cc: tells the audit log what policies refused since it was told last, in earnest, so that the client got
// STATUS, and for a trial. REQUIRES: there is an audit log.
void Audit(Call& call, int status);

// forward.cc: the action Forward.
Task<void> ForwardRequest(Call& call, const snapshot::Forward& forward);

// deliver.cc: gives the response to the client. Sets `delivered`, or x.reason.
Task<void> Deliver(Call& call);

// detach.cc: the request is on its way to its upstream, and the response may run on for hours: from here on nothing but
// what Kept holds is needed of the generation, and its pin goes as soon as another one is served. May be called again.
void MayOutliveGeneration(Call& call);
// The same, and the pin goes now. REQUIRES: a listener was found.
void Detach(Call& call);

// tunnel.cc: the response that was started is a 101. Watches over the tunnel from now to the end of the exchange.
void BeginTunnel(Call& call);

// end.cc: policies' OnEnd, metrics, log.
void End(Call& call);

// reply.cc: the responses that this proxy makes itself; all replace x.response and x.response_body.
// The reason's status and text; no response at all if the reason is that nobody is left to read one.
void ReplyWith(Call& call, Reason reason);
void ReplyWith(Call& call, const Verdict& verdict);
// For a request that x.refusal names a policy of, while its content was on its way: as that policy's verdict, and all
// that a response had until then is gone.
void ReplyToRefusedContent(Call& call, Reason reason);
// 307 to x.request.path, which is canonical.
void ReplyWithPathRedirect(Call& call);
void ReplyWithRedirect(Call& call, const snapshot::Redirect& redirect);
void ReplyWithStatic(Call& call, const snapshot::StaticReply& reply);
// OPTIONS *: what this proxy can do.
void ReplyWithOptions(Call& call);
// 204; the caller adds the fields.
void ReplyWithPreflight(Call& call);
// Must the connection end after a reply for this reason, because nobody knows where the request ends?
bool LeavesFramingInDoubt(Reason reason);

}  // namespace penstock::proxy
