#include "dataplane/policies/basic/basic_config.h"

#include <algorithm>

#include "dataplane/base/printable.h"
#include "dataplane/base/status.h"
#include "dataplane/passwords/user_file.h"
#include "dataplane/policies/basic/basic_credentials.h"
#include "dataplane/policies/credentials/known_consumer.h"
#include "dataplane/policies/unpack.h"

namespace penstock::policies {
namespace {

using State = AuthResult::State;

StatusOr<Duration> CacheTtlOf(const google::protobuf::Duration& from) {
  Duration ttl = std::chrono::seconds(std::clamp<int64_t>(from.seconds(), -1, 366 * 24 * 3600)) +
                 std::chrono::nanoseconds(from.nanos());
  if (ttl >= Duration::zero() && ttl <= BasicConfig::kMaxCacheTtl) return ttl;
  return absl::InvalidArgumentError("cache_ttl: from 0s to 24h");
}

// "shop/users" of "value/shop/users/htpasswd" (proto/penstock/xds/v1/secret.proto).
std::string_view ObjectOf(std::string_view secret) {
  constexpr std::string_view kPrefix = "value/";
  if (!secret.starts_with(kPrefix)) return secret;
  secret.remove_prefix(kPrefix.size());
  return secret.substr(0, secret.rfind('/'));
}

}  // namespace

absl::StatusOr<std::shared_ptr<const BasicConfig>> BasicConfig::Compile(const xds::v1::BasicAuthentication& config) {
  std::shared_ptr<BasicConfig> result(new BasicConfig);
  result->secret_ = config.secret();
  result->namespace_ = config.namespace_();
  result->strips_ = config.strip_credentials();
  if (config.has_cache_ttl()) {
    ASSIGN_OR_RETURN(result->cache_ttl_, CacheTtlOf(config.cache_ttl()));
  }
  return std::shared_ptr<const BasicConfig>(std::move(result));
}

absl::StatusOr<PolicyConfigPtr> BasicConfig::CompileAny(const google::protobuf::Any& config) {
  xds::v1::BasicAuthentication message;
  RETURN_IF_ERROR(Unpack(config, message));
  ASSIGN_OR_RETURN(PolicyConfigPtr compiled, Compile(message));
  return compiled;
}

std::string BasicConfig::Describe() const {
  return secret_.empty() ? "users of a file that is not there" : StrCat("users of Secret ", ObjectOf(secret_));
}

std::vector<std::string> BasicConfig::Secrets() const {
  return secret_.empty() ? std::vector<std::string>() : std::vector<std::string>{secret_};
}

void BasicConfig::NoteUser(std::string_view user, State state, Exchange& x) const {
  AuthResult& result = x.identity.of(AuthMethod::kBasic);
  // A password was issued by nobody, at no time: only what takes back whatever has this subject is about it.
  TokenFacts facts{.issuer = "", .id = "", .subject = user, .issued = WallTime::max()};
  if (x.revocations != nullptr && !x.revocations->Find(facts).empty()) {
    result = {State::kInvalid, "the user is revoked"};
    return;
  }
  constexpr std::string_view kNul("\0", 1);
  if (NoteConsumer(CredentialKind::kUser, x.arena.Concat({namespace_, kNul, user}), x) == Known::kAnother) {
    result = {State::kInvalid, kAnotherConsumer};
    return;
  }
  result = {state, ""};
  if (x.identity.subject.empty()) x.identity.subject = user;
}

namespace {

// What is known of the user without the password. "" what is to be noted is noted.
std::string Tell(const BasicConfig& config, const BasicCredentials& found, Exchange& x, const Facts& facts) {
  AuthResult& result = x.identity.of(AuthMethod::kBasic);
  std::optional<std::string_view> text = facts.Find(StrCat("secret/", config.secret(), "/", BasicConfig::kFileKey));
  if (text.has_value()) {
    StatusOr<passwords::UserFile> file = passwords::UserFile::Parse(*text);
    result = {State::kInvalid, file.ok() ? BasicConfig::kWrong : BasicConfig::kNoUsers};
    if (!file.ok()) return std::string(result.why);
    if (file->Find(found.user) == nullptr) return StrCat("counts as none: there is no user ", Printable(found.user));
  }
  if (x.identity.doubts(AuthMethod::kBasic)) {
    result = {State::kInvalid, BasicConfig::kWrong};
    return StrCat("user ", Printable(found.user), " counts as none: ", result.why);
  }
  if (!text.has_value()) {
    result = {State::kAssumed, "whether there is such a user is not known here"};
    return StrCat(result.why, "; whether the password is right is not looked at here");
  }
  config.NoteUser(found.user, State::kAssumed, x);
  if (result.state != State::kAssumed) return StrCat("user ", Printable(found.user), " counts as none: ", result.why);
  result.why = "whether the password is right is not known here";
  return StrCat("user ", Printable(found.user), " is known; whether the password is right is not looked at here");
}

}  // namespace

Judgement BasicConfig::Judge(Exchange& x, const Facts& facts) const {
  BasicCredentials found = FindBasicCredentials(x.request, x.arena);
  if (strips_) RemoveBasicCredentials(x.request);
  AuthResult& result = x.identity.of(AuthMethod::kBasic);
  result = found.result;
  if (result.state != State::kAssumed) return Judgement::Pass(std::string(result.why));
  if (!secret_.empty()) return Judgement::Pass(Tell(*this, found, x, facts));
  result = {State::kUnknown, kNoUsers};
  return Judgement::Pass(std::string(kNoUsers));
}

}  // namespace penstock::policies
