// The line of the audit log for a request that a policy refused, or would have refused (shadow). One per refusal.
#pragma once

#include <cstdint>
#include <string_view>

namespace penstock::telemetry {

// As AccessLogEntry: views are read during the call, and what means "none" is left out where the comment says so.
// Nothing in it opens a door: no credential, no query, no content.
struct RefusalLogEntry {
  int64_t time_unix_ns = 0;  // when the request's first byte came
  std::string_view replica;  // this data plane's id; "": left out
  bool shadow = false;       // it was let pass, for a trial: "outcome" is "allowed", and "shadow" is true

  std::string_view reason = {};  // as in the access log
  std::string_view detail = {};  // what exactly was wrong; "": left out
  int status = 0;                // that the client got; 0: left out
  int grpc_status = -1;          // the same of gRPC; negative: left out

  std::string_view policy = {};  // its type: "authorization"
  std::string_view object = {};  // the manifest at fault: "SecurityPolicy shop/tokens"; "": left out
  std::string_view rule = {};    // of that, by name; "": left out

  std::string_view subject;   // who asks, as far as it was proven; "": left out
  std::string_view consumer;  // "NAMESPACE/NAME"; "": left out
  std::string_view peer;      // address:port of the TCP peer
  std::string_view client;    // address of the client behind trusted proxies

  std::string_view method;
  std::string_view host;
  std::string_view path;  // canonical, without the query

  uint64_t generation_epoch = 0;
  uint64_t generation_number = 0;
  std::string_view listener;
  std::string_view route;       // "": no route matched, left out
  std::string_view route_rule;  // "": it has no name, left out
  std::string_view request_id;
};

}  // namespace penstock::telemetry
