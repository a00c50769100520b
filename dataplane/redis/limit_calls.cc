#include "dataplane/redis/limit_calls.h"

#include <openssl/evp.h>

#include <array>
#include <cstddef>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "dataplane/base/check.h"
#include "dataplane/base/strings.h"

namespace penstock::redis {
namespace {

using limits::Algorithm;
using limits::LimitRule;
using std::chrono::microseconds;

std::string_view NameOf(Algorithm algorithm) {
  switch (algorithm) {
    case Algorithm::kFixedWindow:
      return "fixed_window";
    case Algorithm::kSlidingWindow:
      return "sliding_window";
    case Algorithm::kTokenBucket:
      return "token_bucket";
    case Algorithm::kLeakyBucket:
      return "leaky_bucket";
  }
  return "";
}

// The first SIZE bytes of a hash, in hexadecimal digits.
std::string HexHash(const EVP_MD* algorithm, std::string_view bytes, std::size_t size) {
  unsigned char hash[EVP_MAX_MD_SIZE];
  int done = EVP_Digest(bytes.data(), bytes.size(), hash, nullptr, algorithm, nullptr);
  PENSTOCK_CHECK(done == 1, "a hash of bytes in memory cannot fail");
  return absl::BytesToHexString(absl::string_view(reinterpret_cast<const char*>(hash), size));
}

void AppendEscaped(std::string_view name, std::string& out) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  for (char c : name) {
    auto byte = static_cast<unsigned char>(c);
    if (absl::ascii_isalnum(byte) || std::string_view("-_./").find(c) != std::string_view::npos) {
      out += c;
    } else {
      out += {'%', kDigits[byte >> 4], kDigits[byte & 15]};
    }
  }
}

// What the script takes, and what it says about itself: as text.
class Arguments {
 public:
  Arguments(const LimitRule& rule, std::uint32_t cost)
      : numbers_{std::to_string(rule.requests), std::to_string(rule.per / microseconds(1)),
                 std::to_string(rule.burst == 0 ? rule.requests : rule.burst),
                 std::to_string(rule.max_delay / microseconds(1)), std::to_string(cost)},
        algorithm_(NameOf(rule.algorithm)) {}

  // COMMAND with SCRIPT: its hash or its text.
  std::vector<std::string_view> For(std::string_view command, std::string_view script, std::string_view key) const {
    std::vector<std::string_view> all = {command, script, "1", key, algorithm_};
    all.insert(all.end(), numbers_.begin(), numbers_.end());
    return all;
  }

 private:
  const std::array<std::string, 5> numbers_;
  const std::string_view algorithm_;
};

bool IsNoScript(const StatusOr<Reply>& reply) {
  return reply.ok() && reply->kind == Reply::Kind::kError && ErrorWord(reply->text) == "NOSCRIPT";
}

}  // namespace

LimitCalls::LimitCalls(Client& client, std::string prefix)
    : client_(client), prefix_(std::move(prefix)), script_hash_(HexHash(EVP_sha1(), TakeScript(), 20)) {}

Task<StatusOr<TakenThere>> LimitCalls::Take(const LimitRule& rule, std::string_view rule_name, std::string_view key,
                                            std::uint32_t cost, Wait wait) {
  return Run(KeyOf(rule_name, key), rule, cost, wait);
}

Task<StatusOr<TakenThere>> LimitCalls::Run(std::string key, const LimitRule& rule, std::uint32_t cost, Wait wait) {
  const Arguments arguments(rule, cost);
  const std::vector<std::string_view> by_hash = arguments.For("EVALSHA", script_hash_, key);
  StatusOr<Reply> reply = co_await client_.Call(by_hash, wait);
  if (IsNoScript(reply)) {
    const std::vector<std::string_view> by_text = arguments.For("EVAL", TakeScript(), key);
    reply = co_await client_.Call(by_text, wait);
  }
  CO_RETURN_IF_ERROR(reply.status());
  if (reply->kind == Reply::Kind::kError) {
    client_.Refuses(ErrorWord(reply->text));
    co_return absl::UnavailableError(StrCat("redis ", client_.server(), ": refused with ", ErrorWord(reply->text)));
  }
  StatusOr<TakenThere> taken = ReadTaken(*reply, rule);
  if (taken.ok()) {
    client_.Serves();
    co_return taken;
  }
  client_.Distrust("it answered the limit script with something else");
  co_return absl::UnavailableError(StrCat("redis ", client_.server(), ": answered with something else"));
}

std::string LimitCalls::KeyOf(std::string_view rule_name, std::string_view key) const {
  constexpr std::size_t kHashBytes = 16;
  std::string name = prefix_;
  AppendEscaped(rule_name, name);
  name += ':';
  name += HexHash(EVP_sha256(), key, kHashBytes);
  return name;
}

StatusOr<TakenThere> ReadTaken(const Reply& reply, const LimitRule& rule) {
  const Status wrong = absl::InvalidArgumentError("redis: not an answer of the limit script");
  constexpr std::size_t kItems = 6;
  constexpr std::int64_t kMost = std::int64_t{1} << 53;
  if (reply.kind != Reply::Kind::kArray || reply.items.size() != kItems) return wrong;
  for (const Reply& item : reply.items) {
    if (item.kind != Reply::Kind::kInteger || item.integer < -1 || item.integer > kMost) return wrong;
  }
  auto number = [&](std::size_t i) { return reply.items[i].integer; };
  bool allowed = number(0) == 1;
  bool never = number(3) == -1;
  limits::Taken taken{
      allowed, static_cast<std::uint64_t>(number(1)), microseconds(number(2)), {}, microseconds(number(4))};
  taken.retry_after = never ? limits::kNever : microseconds(number(3));
  if (number(0) < 0 || number(0) > 1 || number(1) < 0 || number(2) < 0 || number(5) < 0) return wrong;
  if (taken.delay < Duration::zero() || taken.delay > rule.max_delay) return wrong;
  if (allowed != (taken.retry_after == Duration::zero()) || (never && allowed)) return wrong;
  return TakenThere{taken, static_cast<std::uint64_t>(number(5))};
}

}  // namespace penstock::redis
