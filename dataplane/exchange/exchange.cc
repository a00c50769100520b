#include "dataplane/exchange/exchange.h"

#include "dataplane/http/uri.h"

namespace penstock {

void Exchange::Clear() {
  for (; cleanups_ != nullptr; cleanups_ = cleanups_->next) cleanups_->destroy(cleanups_->object);
  request.Clear();
  request_body = response_body = &no_body;
  response.Clear();
  peer = IpAddress();
  client = http::Client();
  peer_text = peer_address_text = client_text = listener_port = listener = route = cluster = endpoint = detail =
      refusing_rule = id_text = {};
  shadows = nullptr;
  refusal = {};
  connection = nullptr;
  identity = Identity();
  services = nullptr;
  revocations = nullptr;
  address_lists = nullptr;
  consumers = nullptr;
  generation_epoch = generation_number = endpoints_epoch = 0;
  rule = -1;
  tries = 0;
  reason = Reason::kNone;
  is_grpc = false;
  grpc_status = -1;
  id = RequestId();
  seed = 0;
  time = Timings();
  deadline = firm_deadline = kNoDeadline;
  bytes_in = bytes_out = 0;
  cancellation_ = nullptr;
  slots.fill(nullptr);
  unescaped_of_ = unescaped_ = {};
  arena.Clear();
}

std::string_view Exchange::UnescapedPath() const {
  // The arena gives no place twice, so that a text at the same place is the same text.
  bool made = unescaped_of_.data() == request.path.data() && unescaped_of_.size() == request.path.size();
  if (!made) {
    unescaped_of_ = request.path;
    unescaped_ = http::WithoutEscapedDelimiters(request.path, arena);
  }
  return unescaped_;
}

ExchangePool::Lease ExchangePool::Get() {
  ++lent_;
  if (free_.empty()) return Lease(new Exchange(pool_), Return{this});
  Exchange* exchange = free_.back().release();
  free_.pop_back();
  return Lease(exchange, Return{this});
}

void ExchangePool::Take(Exchange* exchange) {
  --lent_;
  std::unique_ptr<Exchange> owned(exchange);
  owned->Clear();
  if (free_.size() < kKept) free_.push_back(std::move(owned));
}

}  // namespace penstock
