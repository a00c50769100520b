#include "dataplane/policies/rate_limit/rate_limit_config.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/ascii.h"
#include "dataplane/base/printable.h"
#include "dataplane/base/status.h"
#include "dataplane/base/strings.h"
#include "dataplane/policies/condition/claim_match.h"
#include "dataplane/policies/headers/field_syntax.h"
#include "dataplane/policies/headers/list_members.h"
#include "dataplane/policies/unpack.h"
#include "dataplane/redis/server_address.h"

namespace penstock::policies {
namespace {

constexpr size_t kIpv6Site = 8;  // bytes of a /64: a client has all of it

Status Invalid(std::string text) { return absl::InvalidArgumentError(std::move(text)); }

Duration DurationOf(const google::protobuf::Duration& from) {
  constexpr int64_t kMostSeconds = int64_t{1} << 32;
  int64_t seconds = std::clamp<int64_t>(from.seconds(), -1, kMostSeconds);
  return std::chrono::seconds(seconds) + std::chrono::nanoseconds(from.nanos());
}

limits::Algorithm AlgorithmOf(xds::v1::RateLimitRule::Algorithm algorithm) {
  switch (algorithm) {
    case xds::v1::RateLimitRule::FIXED_WINDOW:
      return limits::Algorithm::kFixedWindow;
    case xds::v1::RateLimitRule::TOKEN_BUCKET:
      return limits::Algorithm::kTokenBucket;
    case xds::v1::RateLimitRule::LEAKY_BUCKET:
      return limits::Algorithm::kLeakyBucket;
    default:
      return limits::Algorithm::kSlidingWindow;
  }
}

StatusOr<KeyPart> PartOf(const xds::v1::KeyPart& from, const std::string& path) {
  using Kind = KeyPart::Kind;
  switch (from.kind_case()) {
    case xds::v1::KeyPart::kClientAddress:
      return KeyPart{Kind::kClientAddress, ""};
    case xds::v1::KeyPart::kConsumer:
      return KeyPart{Kind::kConsumer, ""};
    case xds::v1::KeyPart::kClaim:
      RETURN_IF_ERROR(CheckClaimPath(from.claim(), path + ".claim"));
      return KeyPart{Kind::kClaim, from.claim()};
    case xds::v1::KeyPart::kHeader:
      RETURN_IF_ERROR(CheckFieldName(from.header())) << path << ".header";
      return KeyPart{Kind::kHeader, from.header()};
    case xds::v1::KeyPart::kPath:
      return KeyPart{Kind::kPath, ""};
    case xds::v1::KeyPart::kMethod:
      return KeyPart{Kind::kMethod, ""};
    case xds::v1::KeyPart::KIND_NOT_SET:
      break;
  }
  return absl::UnimplementedError(path + ": a part that this build does not know");
}

std::string_view NameOf(limits::Algorithm algorithm) {
  constexpr std::string_view kNames[] = {"fixed window", "sliding window", "token bucket", "leaky bucket"};
  return kNames[static_cast<size_t>(algorithm)];
}

std::string SecondsText(Duration duration) {
  int64_t ms = std::chrono::duration_cast<std::chrono::milliseconds>(duration).count();
  return ms % 1000 == 0 ? StrCat(ms / 1000, "s") : StrCat(ms, "ms");
}

// "60 requests per 60s (sliding window)", "10 requests at a time"
std::string DescribeLimit(const LimitTerms& rule) {
  if (rule.concurrency > 0)
    return StrCat(rule.concurrency, " requests at a time", rule.shadow ? ", refusing nothing" : "");
  const limits::LimitRule& limit = rule.limit;
  std::string text = StrCat(limit.requests, " requests per ", SecondsText(limit.per), " (", NameOf(limit.algorithm));
  if (limit.burst != 0) text += StrCat(", burst ", limit.burst);
  if (limit.max_delay > Duration::zero()) text += StrCat(", waiting at most ", SecondsText(limit.max_delay));
  return text + (rule.shadow ? "), refusing nothing" : ")");
}

std::string DescribePart(const KeyPart& part) {
  constexpr std::string_view kNames[] = {"client address", "consumer", "claim ", "header ", "path", "method"};
  return StrCat(kNames[static_cast<size_t>(part.kind)], part.name);
}

std::string DescribeKey(const LimitTerms& rule) {
  if (rule.key.empty()) return "for everybody together";
  std::string text = "for each ";
  for (size_t i = 0; i < rule.key.size(); ++i) text += StrCat(i == 0 ? "" : " and ", DescribePart(rule.key[i]));
  return text;
}

// RFC 9651 3.3.3 allows only some characters in a string; names are DNS labels, which are among them.
std::string PolicyField(const LimitTerms& rule) {
  if (rule.concurrency > 0) return StrCat("\"", rule.name, "\";q=", rule.concurrency, ";qu=\"concurrent-requests\"");
  // As many in as long as they take to come back: a burst is another number than the requests of `per`.
  uint64_t quota = limits::LimitOf(rule.limit);
  double window = std::chrono::duration<double>(rule.limit.per).count() * static_cast<double>(quota) /
                  static_cast<double>(rule.limit.requests);
  return StrCat("\"", rule.name, "\";q=", quota, ";w=", std::max<int64_t>(std::llround(window), 1));
}

// What the numbers of a counter mean. Who is in progress is that whatever the bound: it is no part of what they mean.
std::string MeaningOf(const LimitTerms& rule) {
  if (rule.concurrency > 0) return "at-once";
  const limits::LimitRule& limit = rule.limit;
  return StrCat(static_cast<int>(limit.algorithm), "-", limit.requests, "-", limit.per.count(), "-", limit.burst, "-",
                limit.max_delay.count());
}

std::string IdentityOf(const std::string& policy, const LimitTerms& rule) {
  std::string text = StrCat(policy, "/", rule.name, "/", MeaningOf(rule));
  for (const KeyPart& part : rule.key) text += StrCat("/", static_cast<int>(part.kind), part.name);
  return text;
}

// What a rule of requests per time counts by.
Status SetLimit(const xds::v1::RateLimitRule& from, const std::string& path, LimitTerms& rule) {
  rule.limit = {.algorithm = AlgorithmOf(from.algorithm()),
                .requests = from.requests(),
                .per = DurationOf(from.per()),
                .burst = from.burst(),
                .max_delay = DurationOf(from.max_delay())};
  RETURN_IF_ERROR(limits::Check(rule.limit)) << path;
  rule.cost = std::max<uint32_t>(from.cost(), 1);
  return absl::OkStatus();
}

Status SetConcurrency(const xds::v1::RateLimitRule& from, const std::string& path, LimitTerms& rule) {
  if (from.concurrency() > LimitTerms::kMostConcurrency)
    return Invalid(StrCat(path, ".concurrency: at most ", LimitTerms::kMostConcurrency));
  if (from.requests() != 0 || from.has_per() || from.cost() != 0)
    return Invalid(path + ".concurrency: such a rule has no requests, per and cost");
  rule.concurrency = from.concurrency();
  return absl::OkStatus();
}

std::string_view AddressOf(Exchange& x) {
  const IpAddress& address = x.client.address;
  if (address.is_v4()) return address.bytes();
  return x.arena.Copy(address.bytes().substr(0, kIpv6Site));
}

// RFC 9110 5.3: fields of one name are one list. Who counts by the first alone counts by another value than a backend
// that reads the last. One spelling of it, so that no blank makes another counter, and one counter for all lists that
// are too long to look at. "": the request has none of it.
std::string_view ListValue(const http::Headers& headers, std::string_view name, Arena& arena) {
  constexpr std::string_view kTooLong = ",";
  const http::Field* first = headers.Find(name);
  if (first == nullptr) return "";
  size_t size = 0;
  size_t count = 0;
  for (const http::Field& field : headers) {
    if (field.name() != first->name()) continue;
    size += field.value().size() + 1;
    ++count;
  }
  if (count == 1 && first->value().find(',') == std::string_view::npos) return first->value();
  std::span<char> list = arena.NewArray<char>(size);
  char* out = list.data();
  Walk walk = ForEachMember(headers, first->name(), [&](std::string_view member) {
    if (member.empty()) return true;
    if (out != list.data()) *out++ = ',';
    out = std::copy(member.begin(), member.end(), out);
    return true;
  });
  return walk == Walk::kTooMany ? kTooLong : std::string_view(list.data(), static_cast<size_t>(out - list.data()));
}

// In upper case: to some backends it is one whatever the case.
std::string_view MethodValue(std::string_view method, Arena& arena) {
  if (std::none_of(method.begin(), method.end(), absl::ascii_islower)) return method;
  std::span<char> upper = arena.NewArray<char>(method.size());
  std::transform(method.begin(), method.end(), upper.begin(), absl::ascii_toupper);
  return {upper.data(), upper.size()};
}

std::string_view ValueOf(const KeyPart& part, Exchange& x) {
  switch (part.kind) {
    case KeyPart::Kind::kClientAddress:
      return "";
    case KeyPart::Kind::kConsumer:
      return x.identity.consumer;
    case KeyPart::Kind::kClaim: {
      if (x.identity.claims == nullptr) return "";
      std::optional<jose::JsonValue> claim = x.identity.claims->root().FindPath(part.name);
      return claim.has_value() ? TextOfClaim(*claim).value_or("") : "";
    }
    case KeyPart::Kind::kHeader:
      return ListValue(x.request.headers, part.name, x.arena);
    case KeyPart::Kind::kPath:
      return x.UnescapedPath();
    case KeyPart::Kind::kMethod:
      return MethodValue(x.request.method_text, x.arena);
  }
  return "";
}

}  // namespace

absl::StatusOr<std::shared_ptr<const RateLimitConfig>> RateLimitConfig::Compile(const xds::v1::RateLimit& config) {
  std::shared_ptr<RateLimitConfig> result(new RateLimitConfig);
  result->policy_ = config.policy();
  result->tells_ = !config.hide_headers();
  if (config.rules().empty()) return Invalid("rules: at least one");
  if (static_cast<size_t>(config.rules_size()) > kMaxRules) return Invalid(StrCat("rules: at most ", kMaxRules));
  for (int i = 0; i < config.rules_size(); ++i) {
    RETURN_IF_ERROR(result->Add(config.rules(i), StrCat("rules[", i, "]")));
  }
  if (config.has_redis()) RETURN_IF_ERROR(result->SetRedis(config.redis()));
  return std::shared_ptr<const RateLimitConfig>(std::move(result));
}

absl::StatusOr<PolicyConfigPtr> RateLimitConfig::CompileAny(const google::protobuf::Any& config) {
  xds::v1::RateLimit message;
  RETURN_IF_ERROR(Unpack(config, message));
  ASSIGN_OR_RETURN(PolicyConfigPtr compiled, Compile(message));
  return compiled;
}

absl::Status RateLimitConfig::Add(const xds::v1::RateLimitRule& from, const std::string& path) {
  LimitTerms rule;
  rule.name = from.name();
  if (!IsToken(rule.name)) return Invalid(path + ".name: a name of letters, digits and \"-\"");
  ASSIGN_OR_RETURN(rule.condition, Condition::Compile(from.condition(), path + ".condition"));
  rule.conditional = from.has_condition();
  if (static_cast<size_t>(from.key_size()) > LimitKeyValues::kMaxParts) return Invalid(path + ".key: too many parts");
  for (int i = 0; i < from.key_size(); ++i) {
    ASSIGN_OR_RETURN(KeyPart part, PartOf(from.key(i), StrCat(path, ".key[", i, "]")));
    rule.key.push_back(std::move(part));
  }
  bool at_once = from.concurrency() > 0;
  RETURN_IF_ERROR(at_once ? SetConcurrency(from, path, rule) : SetLimit(from, path, rule));
  rule.shadow = from.shadow();
  rule.also = from.also() || from.shadow();
  rule.policy_field = PolicyField(rule);
  rule.identity = IdentityOf(policy_, rule);
  rules_.push_back(std::move(rule));
  return absl::OkStatus();
}

absl::Status RateLimitConfig::SetRedis(const xds::v1::RedisStore& from) {
  RedisTerms& redis = redis_.emplace();
  redis.address = from.address();
  redis.user = from.user();
  redis.secret = from.secret();
  redis.database = from.database();
  if (!redis::IsServerAddress(redis.address)) {
    return Invalid(StrCat("redis.address: must be ", redis::kServerAddressForm));
  }
  if (from.has_timeout()) redis.timeout = DurationOf(from.timeout());
  if (redis.timeout <= Duration::zero() || redis.timeout > std::chrono::seconds(10)) {
    return Invalid("redis.timeout: above 0s and at most 10s");
  }
  if (from.on_failure() == xds::v1::RedisStore::CLOSED) redis.on_failure = RedisTerms::Failure::kClosed;
  if (from.on_failure() == xds::v1::RedisStore::LOCAL) redis.on_failure = RedisTerms::Failure::kLocal;
  return absl::OkStatus();
}

bool RateLimitConfig::HasConcurrency() const {
  return std::any_of(rules_.begin(), rules_.end(), [](const LimitTerms& rule) { return rule.concurrency > 0; });
}

std::string RateLimitConfig::Describe() const {
  std::string text;
  for (const LimitTerms& rule : rules_) {
    text += StrCat(text.empty() ? "" : "; ", rule.name, ": ", DescribeLimit(rule), " ", DescribeKey(rule));
    if (rule.conditional) text += StrCat(" if ", rule.condition.Describe());
  }
  if (redis_.has_value()) text += StrCat("; counted by Redis ", redis_->address);
  return text;
}

std::vector<std::string> RateLimitConfig::Secrets() const {
  if (!redis_.has_value() || redis_->secret.empty()) return {};
  return {redis_->secret};
}

size_t RateLimitConfig::NextRule(const Exchange& x, size_t at) const {
  while (at < rules_.size() && !rules_[at].condition.Holds(x, Use::kDeny)) ++at;
  return at;
}

void RateLimitConfig::KeyOf(const LimitTerms& rule, Exchange& x, LimitKeyValues& values) {
  for (const KeyPart& part : rule.key) {
    std::string_view value = ValueOf(part, x);
    values.Add(value);
    if (value.empty()) {
      values.Add(AddressOf(x));
    } else if (part.kind == KeyPart::Kind::kClaim) {
      // RFC 7519 4.1.2: a subject is unique in the context of its issuer only.
      values.Add(x.identity.issuer);
    }
  }
}

// Limits that refuse nothing now may refuse the next request: only with Facts it is said for sure.
Judgement RateLimitConfig::Judge(Exchange& x, const Facts& facts) const {
  std::string story;
  bool known = true;
  bool redis_knows = false;
  for (size_t i = NextRule(x, 0); i < rules_.size(); i = NextRule(x, i + 1)) {
    const LimitTerms& rule = rules_[i];
    std::optional<std::string_view> left = facts.Find(StrCat("rate_limit/", policy_, "/", rule.name));
    if (left == "refused" && !rule.shadow) {
      return Judgement::Deny(Reason::kRateLimited, StrCat("limit \"", rule.name, "\" is used up"));
    }
    known = known && (left.has_value() || rule.shadow);
    redis_knows = redis_knows || (redis_.has_value() && rule.concurrency == 0);
    story +=
        StrCat(story.empty() ? "" : "; ", "limit \"", rule.name, "\": ", DescribeLimit(rule), " ", DescribeKey(rule));
    if (left.has_value()) story += *left == "refused" ? ", used up" : StrCat(", ", *left, " left");
    if (!rule.also) break;
  }
  if (story.empty()) return Judgement::Pass("no limit is for this request");
  if (known) return Judgement::Pass(std::move(story));
  return Judgement::Unknown(Reason::kRateLimited,
                            StrCat(story, "; how much of it is used, ",
                                   redis_knows ? "Redis knows" : "each data plane knows", ": passes, or 429"));
}

}  // namespace penstock::policies
