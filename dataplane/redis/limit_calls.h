#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "dataplane/limits/limit.h"
#include "dataplane/redis/client.h"

namespace penstock::redis {

// What Redis says about one question.
struct TakenThere {
  limits::Taken taken;
  // When it was asked, by the server's clock: microseconds since Unix's zero. Not after the instant t of limit.h.
  std::uint64_t instant = 0;

  bool operator==(const TakenThere&) const = default;
};

// Rate limits that many processes share: limits::Take() with the state of a key in Redis, atomic, by the server's clock
// (take.lua). A state goes by itself when it is as good as new, so the server's memory holds the keys in use. One
// worker; CLIENT outlives it.
class LimitCalls {
 public:
  // PREFIX keeps apart what shares a server: it begins every key, as it is.
  LimitCalls(Client& client, std::string prefix);

  // RULE_NAME tells rules apart, and KEY whom a rule counts: any bytes, both. A rule that means something else from now
  // on needs another name: the state of the old one would count for the new one, as at most all spent. Errors: as
  // Client::Call, and kUnavailable for what the server refused; the question may have been answered there all the same.
  // REQUIRES: Check(rule), and that RULE outlives the call.
  Task<StatusOr<TakenThere>> Take(const limits::LimitRule& rule, std::string_view rule_name, std::string_view key,
                                  std::uint32_t cost, Wait wait);

  // prefix + rule's name + ':' + 32 hexadecimal digits of a hash of KEY (SHA-256, its first half): whatever the bytes
  // are, keys of different rules and clients are different, no key is long, and who reads the server's keys learns
  // nobody's address or token. Bytes of the name that are no letters, digits, '-', '_', '.' or '/' are written as %2A.
  std::string KeyOf(std::string_view rule_name, std::string_view key) const;

 private:
  Task<StatusOr<TakenThere>> Run(std::string key, const limits::LimitRule& rule, std::uint32_t cost, Wait wait);

  Client& client_;
  const std::string prefix_;
  const std::string script_hash_;  // as EVALSHA wants it
};

// The script, as text.
std::string_view TakeScript();

// What the script returned; anything else is kInvalidArgument. Pure.
StatusOr<TakenThere> ReadTaken(const Reply& reply, const limits::LimitRule& rule);

}  // namespace penstock::redis
