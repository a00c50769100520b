#include "dataplane/policies/size_limit/size_limit_config.h"

#include <utility>

#include "dataplane/base/status.h"
#include "dataplane/base/strings.h"
#include "dataplane/http/header_id.h"
#include "dataplane/policies/unpack.h"

namespace penstock::policies {
namespace {

SizeBound BoundOf(const xds::v1::SizeBound& from, std::string_view field, std::string_view what) {
  return {.most = from.most(),
          .text = StrCat("at most ", from.most(), " ", what),
          .detail = StrCat("more than ", field, ", ", from.most(), ", of ", from.policy())};
}

struct HeaderSize {
  uint64_t bytes = 0;
  uint64_t count = 0;
};

// What the client sent: what Penstock writes is not its fault.
HeaderSize SizeOf(const http::Headers& headers) {
  constexpr uint64_t kPunctuation = 4;  // ": " and CRLF
  HeaderSize size;
  for (const http::Field& field : headers) {
    if ((field.flags() & http::kProxyOwned) != 0) continue;
    size.bytes += field.name().size() + field.value().size() + kPunctuation;
    ++size.count;
  }
  return size;
}

bool IsAbove(uint64_t size, const std::optional<SizeBound>& bound) { return bound.has_value() && size > bound->most; }

}  // namespace

absl::StatusOr<std::shared_ptr<const SizeLimitConfig>> SizeLimitConfig::Compile(const xds::v1::SizeLimit& config) {
  auto result = std::make_shared<SizeLimitConfig>();
  if (config.has_request_body_bytes())
    result->body_ = BoundOf(config.request_body_bytes(), "maxRequestBodyBytes", "bytes of content");
  if (config.has_header_bytes())
    result->header_bytes_ = BoundOf(config.header_bytes(), "maxHeaderBytes", "bytes of header fields");
  if (config.has_header_count())
    result->header_count_ = BoundOf(config.header_count(), "maxHeaderCount", "header fields");
  if (config.has_header_count() && config.header_count().most() == 0)
    return absl::InvalidArgumentError("header_count.most: 0 would refuse every request");
  if (config.has_header_bytes() && config.header_bytes().most() == 0)
    return absl::InvalidArgumentError("header_bytes.most: 0 would refuse every request");
  bool any = result->body_.has_value() || result->header_bytes_.has_value() || result->header_count_.has_value();
  if (!any) return absl::InvalidArgumentError("request_body_bytes: there is no bound at all");
  return std::shared_ptr<const SizeLimitConfig>(std::move(result));
}

absl::StatusOr<PolicyConfigPtr> SizeLimitConfig::CompileAny(const google::protobuf::Any& config) {
  xds::v1::SizeLimit message;
  RETURN_IF_ERROR(Unpack(config, message));
  ASSIGN_OR_RETURN(PolicyConfigPtr compiled, Compile(message));
  return compiled;
}

std::string SizeLimitConfig::Describe() const {
  std::string text;
  for (const std::optional<SizeBound>* bound : {&body_, &header_bytes_, &header_count_}) {
    if (bound->has_value()) text += StrCat(text.empty() ? "" : ", ", (*bound)->text);
  }
  return text;
}

SizeLimitConfig::Decision SizeLimitConfig::Decide(const Exchange& x) const {
  if (header_bytes_.has_value() || header_count_.has_value()) {
    HeaderSize size = SizeOf(x.request.headers);
    if (IsAbove(size.bytes, header_bytes_)) return {Reason::kHeadersTooLarge, &*header_bytes_};
    if (IsAbove(size.count, header_count_)) return {Reason::kHeadersTooLarge, &*header_count_};
  }
  const http::Framing& framing = x.request.framing;
  bool known = framing.kind == http::Framing::Kind::kLength;
  if (known && IsAbove(framing.length, body_)) return {Reason::kBodyTooLarge, &*body_};
  return {};
}

const SizeBound* SizeLimitConfig::ForStreamed(const Exchange& x) const {
  bool streamed = x.request.framing.HasBody() && x.request.framing.kind != http::Framing::Kind::kLength;
  return streamed && body_.has_value() ? &*body_ : nullptr;
}

Judgement SizeLimitConfig::Judge(Exchange& x, const Facts&) const {
  Decision decision = Decide(x);
  if (decision.reason != Reason::kNone) return Judgement::Deny(decision.reason, decision.bound->detail);
  return Judgement::Pass(Describe());
}

}  // namespace penstock::policies
