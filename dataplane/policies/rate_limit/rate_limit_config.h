#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "dataplane/exchange/exchange.h"
#include "dataplane/http/header_id.h"
#include "dataplane/limits/limit.h"
#include "dataplane/policies/condition/condition.h"
#include "dataplane/policies/config.h"
#include "google/protobuf/any.pb.h"
#include "proto/penstock/xds/v1/security.pb.h"

namespace penstock::policies {

// A part of what counters are kept for.
struct KeyPart {
  enum class Kind : uint8_t { kClientAddress, kConsumer, kClaim, kHeader, kPath, kMethod };
  Kind kind = Kind::kClientAddress;
  std::string name;  // of the claim (a dotted path) or header (lower case)
};

struct LimitTerms {
  static constexpr uint32_t kMostConcurrency = 1'000'000;

  std::string name;
  Condition condition;
  bool conditional = false;  // it is not every request
  std::vector<KeyPart> key;  // empty: one counter for everybody
  limits::LimitRule limit;
  uint32_t cost = 1;
  uint32_t concurrency = 0;  // above 0: how many may be in progress at a time, and `limit` and `cost` say nothing
  bool shadow = false;
  bool also = false;  // a rule that refuses nobody never keeps others from counting
  std::string
      policy_field;      // its item of RateLimit-Policy: `"gold";q=1000;w=60`, `"few";q=10;qu="concurrent-requests"`
  std::string identity;  // names its counters: another meaning is another counter
};

// Redis that counts for all data planes.
struct RedisTerms {
  enum class Failure : uint8_t { kOpen, kClosed, kLocal };
  std::string address;
  std::string user;
  std::string secret;  // resource with the key "password"; "" none
  uint32_t database = 0;
  Duration timeout = std::chrono::milliseconds(20);
  Failure on_failure = Failure::kOpen;
};

// The values of a key for one request. Views into the request, its identity or its arena. A request that has none of a
// part counts as "" and its client's address there, which nobody who has some of it can be taken for.
class LimitKeyValues {
 public:
  static constexpr size_t kMaxParts = 8;
  static constexpr size_t kMax = 2 * kMaxParts;
  void Add(std::string_view value) { values_[size_++] = value; }
  std::span<const std::string_view> values() const { return {values_.data(), size_}; }

 private:
  std::array<std::string_view, kMax> values_;
  size_t size_ = 0;
};

// Limits: which count for a request, and for whom. What is left of them (of a concurrency: places) is a Fact:
// "rate_limit/POLICY/RULE", the number of requests that are left, or "refused".
class RateLimitConfig : public PolicyConfig {
 public:
  static constexpr size_t kMaxRules = 64;

  // InvalidArgument begins with the field's path ("rules[1].per: ...").
  static absl::StatusOr<std::shared_ptr<const RateLimitConfig>> Compile(const xds::v1::RateLimit& config);
  static absl::StatusOr<PolicyConfigPtr> CompileAny(const google::protobuf::Any& config);

  std::string Describe() const override;
  Judgement Judge(Exchange& x, const Facts& facts) const override;
  std::vector<std::string> Secrets() const override;

  const std::vector<LimitTerms>& rules() const { return rules_; }
  const std::string& policy() const { return policy_; }
  const std::optional<RedisTerms>& redis() const { return redis_; }
  bool tells() const { return tells_; }
  // Does a rule bound how many are in progress?
  bool HasConcurrency() const;

  // The first rule from AT on whose condition holds; rules().size() if there is none.
  size_t NextRule(const Exchange& x, size_t at) const;
  // Whom RULE counts for. What a request has none of is replaced by its client's address.
  static void KeyOf(const LimitTerms& rule, Exchange& x, LimitKeyValues& values);

 private:
  RateLimitConfig() = default;
  absl::Status Add(const xds::v1::RateLimitRule& rule, const std::string& path);
  absl::Status SetRedis(const xds::v1::RedisStore& from);

  std::vector<LimitTerms> rules_;
  std::string policy_;
  std::optional<RedisTerms> redis_;
  bool tells_ = true;
};

}  // namespace penstock::policies
