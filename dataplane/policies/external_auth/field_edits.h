#pragma once

#include <span>
#include <string_view>

#include "dataplane/base/arena.h"
#include "dataplane/base/status.h"
#include "dataplane/policies/external_auth/answer.h"
#include "proto/authorization/check.pb.h"

namespace penstock::policies {

// Collects the changes of fields that a service of gRPC asks for. The first one that no message can have is an error;
// those of fields that are not the service's are left out.
class FieldEdits {
 public:
  // At most COUNT of them. Texts are copied into ARENA, which outlives this.
  FieldEdits(Arena& arena, int count);

  // DEFAULT: what an option means that does not say it.
  void Change(const authorization::v3::HeaderValueOption& option, FieldEdit::How by_default);
  void Remove(std::string_view name);
  // A field of a response that is made anew; content-type goes to CONTENT_TYPE.
  void Reply(const authorization::v3::HeaderValueOption& option, std::string_view& content_type);

  // One of them sets a cookie.
  bool has_cookie() const { return has_cookie_; }
  StatusOr<std::span<const FieldEdit>> Take();

 private:
  bool Add(FieldEdit::How how, std::string_view name, std::string_view value);

  Arena& arena_;
  std::span<FieldEdit> edits_;
  size_t count_ = 0;
  bool has_cookie_ = false;
  Status failed_ = absl::OkStatus();
};

}  // namespace penstock::policies
