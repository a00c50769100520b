#include "dataplane/policies/headers/header_ops.h"

#include "dataplane/base/status.h"
#include "dataplane/policies/headers/field_syntax.h"

namespace penstock::policies {
namespace {

constexpr std::string_view kHost = "host";
constexpr char kHostOfModifier[] = "\"host\" is changed by the URL rewrite filter, not by a header modifier";

// The operations of one filter, and all that is wrong with them.
class Compiler {
 public:
  explicit Compiler(HeaderOps& ops) : ops_(ops) {}

  void Add(HeaderOp::Kind kind, std::string_view name, std::string_view value, const std::string& path) {
    absl::Status may = LowerCase(name) == kHost ? absl::InvalidArgumentError(kHostOfModifier) : CheckMayChange(name);
    bool good = Check(std::move(may), kind == HeaderOp::Kind::kRemove ? path : path + ".name");
    good = Check(CheckFieldValue(value), path + ".value") && good;
    if (!good) return;
    std::string lower = LowerCase(name);
    ops_.push_back({kind, http::FindHeaderId(lower), lower, std::string(value)});
  }

  std::vector<HeaderOpsProblem> TakeProblems() { return std::move(problems_); }

 private:
  bool Check(absl::Status status, std::string field) {
    if (status.ok()) return true;
    problems_.push_back({std::move(field), std::move(status)});
    return false;
  }

  HeaderOps& ops_;
  std::vector<HeaderOpsProblem> problems_;
};

}  // namespace

absl::Status CheckMayChange(std::string_view name) {
  RETURN_IF_ERROR(CheckFieldName(name));
  std::string lower = LowerCase(name);
  uint8_t flags = http::FlagsOf(http::FindHeaderId(lower), lower);
  if ((flags & (http::kFraming | http::kHopByHop)) == 0) return absl::OkStatus();
  if (lower == kHost) {
    return absl::InvalidArgumentError(
        "\"host\" says for whom a request is, so that nothing else can be written into it: choose another field, such "
        "as x-user-id");
  }
  return absl::InvalidArgumentError(StrCat("\"", lower, "\" is made anew on every hop and cannot be changed"));
}

std::vector<HeaderOpsProblem> CompileHeaderOps(const xds::v1::HeaderOps& config, HeaderOps& ops) {
  Compiler compiler(ops);
  for (int i = 0; i < config.set_size(); ++i) {
    compiler.Add(HeaderOp::Kind::kSet, config.set(i).name(), config.set(i).value(), StrCat("set[", i, "]"));
  }
  for (int i = 0; i < config.add_size(); ++i) {
    compiler.Add(HeaderOp::Kind::kAdd, config.add(i).name(), config.add(i).value(), StrCat("add[", i, "]"));
  }
  for (int i = 0; i < config.remove_size(); ++i) {
    compiler.Add(HeaderOp::Kind::kRemove, config.remove(i), "", StrCat("remove[", i, "]"));
  }
  return compiler.TakeProblems();
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
