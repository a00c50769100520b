#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "dataplane/http/header_id.h"
#include "dataplane/http/headers.h"
#include "proto/penstock/xds/v1/route.pb.h"

namespace penstock::policies {

// One change of a header list. Names in lower case, values checked.
struct HeaderOp {
  enum class Kind : uint8_t { kSet, kAdd, kRemove };
  Kind kind = Kind::kSet;
  http::HeaderId id = http::HeaderId::kOther;  // of the name, looked up once
  std::string name;
  std::string value;  // "" for kRemove
};

// What the header modifiers of one rule or backend do, in order (Gateway API HTTPHeaderFilter: within one filter set,
// then add, then remove).
using HeaderOps = std::vector<HeaderOp>;

struct HeaderOpsProblem {
  std::string field;  // path inside the configuration, as "set[0].name"
  absl::Status status;
};

// Fields that say where a message ends or whom the next hop is (content-length, transfer-encoding, connection, host,
// ...) may not: a configuration that could write them could smuggle requests. Nor what is no name of a field.
absl::Status CheckMayChange(std::string_view name);

// Appends the operations of CONFIG to OPS. Header names must be tokens of at most 256 characters, values field-content
// of at most 4096 bytes; framing and hop-by-hop fields (content-length, transfer-encoding, connection, ...) and host
// cannot be changed. What is wrong is told all at once, and not appended.
std::vector<HeaderOpsProblem> CompileHeaderOps(const xds::v1::HeaderOps& config, HeaderOps& ops);

// Does what OPS say. The names and values that it puts in are views into OPS, which must outlive HEADERS.
void ApplyEachHeaderOp(const HeaderOps& ops, http::Headers& headers);
inline void ApplyHeaderOps(const HeaderOps& ops, http::Headers& headers) {
  if (!ops.empty()) ApplyEachHeaderOp(ops, headers);
}

// "set x-env: prod", "remove x-debug".
std::string DescribeHeaderOp(const HeaderOp& op);

}  // namespace penstock::policies
