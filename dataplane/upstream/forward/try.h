#pragma once

#include <string_view>

#include "dataplane/exchange/exchange.h"
#include "dataplane/upstream/cluster.h"
#include "dataplane/upstream/forward/forward.h"
#include "dataplane/upstream/forward/head_deadline.h"
#include "dataplane/upstream/forward/replay_body.h"
#include "dataplane/upstream/forward/try_result.h"

namespace penstock::upstream {

// One try on one endpoint, over a connection of its own (HTTP/1) or a stream of one that is shared (HTTP/2): sends the
// request, reads the head of the response, and is then the response's body. Lives in the exchange's arena; Run() and
// then Finish(), which also stops what is left of the upload, must be awaited.
class Try : public Body {
 public:
  // Sends and waits for the head until `deadline` (kNoDeadline: none), or for `timeout` after the content was sent if
  // that is later; not beyond x.firm_deadline. Fills in x.response. If it fails, only Finish() may follow.
  virtual Task<TryResult> Run(ReplayBody* body, InformationalSink* informational, TimePoint deadline,
                              Duration timeout) = 0;
  virtual bool upload_failed_at_source() const = 0;
  // What the response's body is, once Run() has succeeded: this, or the tunnel that the connection has become. Call it
  // once.
  virtual Body& ResponseBody() { return *this; }

  // Puts down what Run() gave and when, in the cluster's cells and the exchange. Call it once Run() has finished.
  void CountTry(const TryResult& result);
  // Takes the running request's place back, for the next try.
  Lease TakeRequest() { return std::move(request_); }

 protected:
  // REQUEST is the running request's place, given back at the end.
  Try(Exchange& x, ViewRef view, Lease request) : x_(x), view_(std::move(view)), request_(std::move(request)) {}

  // The response breaks off behind its head.
  Status Broken(Reason reason, std::string_view detail);
  telemetry::ClusterCells& cells() { return view_->cluster().cells(); }

  Exchange& x_;
  ViewRef view_;
  Lease request_;
  bool asked_ = false;  // the request went out, at least in part
  bool failed_ = false;

 private:
  void CountEnd(Reason reason);
};

}  // namespace penstock::upstream
