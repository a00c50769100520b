#include "dataplane/policies/headers/header_ops.h"

#include "dataplane/base/status.h"
#include "dataplane/policies/headers/field_syntax.h"

namespace penstock::policies {
namespace {

// Fields that say where a message ends or whom the next hop is: a configuration that could write them could smuggle
// requests.
absl::Status CheckMayChange(std::string_view name) {
  RETURN_IF_ERROR(CheckFieldName(name));
  std::string lower = LowerCase(name);
  uint8_t flags = http::FlagsOf(http::FindHeaderId(lower), lower);
  if ((flags & (http::kFraming | http::kHopByHop)) == 0) return absl::OkStatus();
  if (lower == "host") {
    return absl::InvalidArgumentError("\"host\" is changed by the URL rewrite filter, not by a header modifier");
  }
  return absl::InvalidArgumentError(StrCat("\"", lower, "\" is made anew on every hop and cannot be changed"));
}

absl::Status AddOp(HeaderOp::Kind kind, std::string_view name, std::string_view value, HeaderOps& ops,
                   const std::string& prefix, std::string& field) {
  field = kind == HeaderOp::Kind::kRemove ? prefix : prefix + ".name";
  RETURN_IF_ERROR(CheckMayChange(name));
  field = prefix + ".value";
  RETURN_IF_ERROR(CheckFieldValue(value));
  std::string lower = LowerCase(name);
  ops.push_back({kind, http::FindHeaderId(lower), lower, std::string(value)});
  return absl::OkStatus();
}

}  // namespace

absl::Status CompileHeaderOps(const xds::v1::HeaderOps& config, HeaderOps& ops, std::string& field) {
  for (int i = 0; i < config.set_size(); ++i) {
    const xds::v1::HeaderValue& set = config.set(i);
    RETURN_IF_ERROR(AddOp(HeaderOp::Kind::kSet, set.name(), set.value(), ops, StrCat("set[", i, "]"), field));
  }
  for (int i = 0; i < config.add_size(); ++i) {
    const xds::v1::HeaderValue& add = config.add(i);
    RETURN_IF_ERROR(AddOp(HeaderOp::Kind::kAdd, add.name(), add.value(), ops, StrCat("add[", i, "]"), field));
  }
  for (int i = 0; i < config.remove_size(); ++i) {
    RETURN_IF_ERROR(AddOp(HeaderOp::Kind::kRemove, config.remove(i), "", ops, StrCat("remove[", i, "]"), field));
  }
  field.clear();
  return absl::OkStatus();
}

void ApplyEachHeaderOp(const HeaderOps& ops, http::Headers& headers) {
  for (const HeaderOp& op : ops) {
    bool known = op.id != http::HeaderId::kOther;
    switch (op.kind) {
      case HeaderOp::Kind::kSet:
        known ? headers.Set(op.id, op.value) : headers.Set(op.name, op.value);
        break;
      case HeaderOp::Kind::kAdd:
        headers.Append(http::Field(op.id, op.name, op.value));
        break;
      case HeaderOp::Kind::kRemove:
        known ? headers.Remove(op.id) : headers.Remove(op.name);
        break;
    }
  }
}

std::string DescribeHeaderOp(const HeaderOp& op) {
  switch (op.kind) {
    case HeaderOp::Kind::kSet:
      return StrCat("set ", op.name, ": ", op.value);
    case HeaderOp::Kind::kAdd:
      return StrCat("add ", op.name, ": ", op.value);
    case HeaderOp::Kind::kRemove:
      return StrCat("remove ", op.name);
  }
  return "";
}

}  // namespace penstock::policies
