#include "dataplane/policies/jwt/jwt_config.h"

#include <algorithm>

#include "dataplane/base/printable.h"
#include "dataplane/base/status.h"
#include "dataplane/base/strings.h"
#include "dataplane/fetch/uri.h"
#include "dataplane/policies/credentials/known_consumer.h"
#include "dataplane/policies/headers/field_syntax.h"
#include "dataplane/policies/headers/header_ops.h"
#include "dataplane/policies/unpack.h"

namespace penstock::policies {
namespace {

constexpr size_t kMaxProviders = 64;
constexpr std::string_view kBearer = "Bearer ";

Status Invalid(std::string text) { return absl::InvalidArgumentError(std::move(text)); }

StatusOr<Duration> DurationOf(const google::protobuf::Duration& from, const char* field) {
  constexpr int64_t kMostSeconds = 366 * 24 * 3600;
  if (from.seconds() < 0 || from.nanos() < 0 || from.seconds() > kMostSeconds) {
    return Invalid(StrCat(field, ": from 0s to one year"));
  }
  return Duration(std::chrono::seconds(from.seconds()) + std::chrono::nanoseconds(from.nanos()));
}

// Every asymmetric one: a secret shared with the issuer is something that somebody has to ask for.
constexpr jose::AlgorithmSet kAsymmetric = {jose::Algorithm::kRs256, jose::Algorithm::kRs384, jose::Algorithm::kRs512,
                                            jose::Algorithm::kPs256, jose::Algorithm::kPs384, jose::Algorithm::kPs512,
                                            jose::Algorithm::kEs256, jose::Algorithm::kEs384, jose::Algorithm::kEs512,
                                            jose::Algorithm::kEdDsa};

StatusOr<jose::AlgorithmSet> AlgorithmsOf(const xds::v1::JwtProvider& from) {
  if (from.algorithms().empty()) return kAsymmetric;
  jose::AlgorithmSet set;
  for (int i = 0; i < from.algorithms_size(); ++i) {
    std::optional<jose::Algorithm> algorithm = jose::ParseAlgorithm(from.algorithms(i));
    if (!algorithm.has_value()) {
      return Invalid(StrCat("algorithms[", i, "]: no algorithm of signatures: \"", from.algorithms(i), "\""));
    }
    set.Insert(*algorithm);
  }
  return set;
}

StatusOr<RemoteKeys> RemoteOf(const xds::v1::RemoteKeys& from) {
  RemoteKeys remote;
  remote.uri = from.uri();
  remote.allow_private_addresses = from.allow_private_addresses();
  bool https = remote.uri.starts_with("https://");
  if (!https && !(remote.allow_private_addresses && remote.uri.starts_with("http://"))) {
    return Invalid("remote.uri: https://HOST/PATH; http only with allow_private_addresses");
  }
  fetch::Schemes schemes = remote.allow_private_addresses ? fetch::Schemes::kAlsoHttp : fetch::Schemes::kHttps;
  RETURN_IF_ERROR(fetch::ParseUri(remote.uri, schemes)) << "remote.uri";
  if (from.has_cache_duration()) {
    ASSIGN_OR_RETURN(remote.cache_duration, DurationOf(from.cache_duration(), "remote.cache_duration"));
    remote.cache_duration = std::max<Duration>(remote.cache_duration, std::chrono::seconds(1));
  }
  if (from.has_max_stale()) {
    ASSIGN_OR_RETURN(remote.max_stale, DurationOf(from.max_stale(), "remote.max_stale"));
  }
  remote.ca.assign(from.ca().begin(), from.ca().end());
  return remote;
}

StatusOr<ClaimHeader> HeaderOf(const xds::v1::ClaimHeader& from) {
  ClaimHeader header{from.claim(), from.header(), http::FindHeaderId(from.header())};
  if (header.claim.empty()) return Invalid("claim: missing");
  if (header.header != LowerCase(header.header)) return Invalid("header: in lower case");
  RETURN_IF_ERROR(CheckMayChange(header.header)) << "header";
  return header;
}

std::string MinutesText(Duration duration) {
  int64_t seconds = std::chrono::duration_cast<std::chrono::seconds>(duration).count();
  if (seconds >= 7200) return StrCat(seconds / 3600, "h");
  return seconds >= 120 ? StrCat(seconds / 60, "m") : StrCat(seconds, "s");
}

}  // namespace

absl::StatusOr<std::shared_ptr<const JwtConfig>> JwtConfig::Compile(const xds::v1::Jwt& config) {
  std::shared_ptr<JwtConfig> result(new JwtConfig);
  if (config.providers().empty()) return Invalid("providers: at least one");
  if (static_cast<size_t>(config.providers_size()) > kMaxProviders) {
    return Invalid(StrCat("providers: at most ", kMaxProviders));
  }
  for (int i = 0; i < config.providers_size(); ++i) {
    RETURN_IF_ERROR(result->Add(config.providers(i))) << "providers[" << i << "]";
  }
  result->identity_ = config.SerializeAsString();
  return std::shared_ptr<const JwtConfig>(std::move(result));
}

absl::StatusOr<PolicyConfigPtr> JwtConfig::CompileAny(const google::protobuf::Any& config) {
  xds::v1::Jwt message;
  RETURN_IF_ERROR(Unpack(config, message));
  ASSIGN_OR_RETURN(PolicyConfigPtr compiled, Compile(message));
  return compiled;
}

absl::Status JwtConfig::Add(const xds::v1::JwtProvider& from) {
  JwtProvider provider;
  provider.name = from.name();
  provider.issuer = from.issuer();
  if (provider.name.empty()) return Invalid("name: missing");
  if (provider.issuer.empty()) return Invalid("issuer: missing");
  for (const JwtProvider& other : providers_) {
    if (other.issuer == provider.issuer) return Invalid("issuer: another provider has it");
  }
  provider.audiences.assign(from.audiences().begin(), from.audiences().end());
  ASSIGN_OR_RETURN(provider.algorithms, AlgorithmsOf(from));
  if (from.has_inline_jwks()) provider.keys = InlineKeys{from.inline_jwks()};
  if (from.has_secret()) provider.keys = SecretKeys{from.secret()};
  if (from.has_remote()) {
    ASSIGN_OR_RETURN(provider.keys, RemoteOf(from.remote()));
  }
  if (from.has_leeway()) {
    ASSIGN_OR_RETURN(provider.leeway, DurationOf(from.leeway(), "leeway"));
  }
  if (from.has_cache_ttl()) {
    ASSIGN_OR_RETURN(provider.cache_ttl, DurationOf(from.cache_ttl(), "cache_ttl"));
  }
  for (int i = 0; i < from.required_claims_size(); ++i) {
    ASSIGN_OR_RETURN(ClaimMatch match, ClaimMatch::Make(from.required_claims(i), StrCat("required_claims[", i, "]")));
    provider.required.push_back(std::move(match));
  }
  for (int i = 0; i < from.claim_headers_size(); ++i) {
    ASSIGN_OR_RETURN(ClaimHeader header, HeaderOf(from.claim_headers(i)), _ << "claim_headers[" << i << "]");
    provider.headers.push_back(std::move(header));
  }
  provider.strip = from.strip_token();
  if (from.allow_missing_exp()) provider.expiry = jose::Expiry::kOptional;
  RETURN_IF_ERROR(AddPlaces(from, provider));
  providers_.push_back(std::move(provider));
  return absl::OkStatus();
}

absl::Status JwtConfig::AddPlaces(const xds::v1::JwtProvider& from, JwtProvider& provider) {
  std::vector<TokenPlace> places;
  if (from.sources().empty()) places.push_back({TokenPlace::Kind::kHeader, "authorization", std::string(kBearer)});
  for (int i = 0; i < from.sources_size(); ++i) {
    ASSIGN_OR_RETURN(TokenPlace place, MakeTokenPlace(from.sources(i)), _ << "sources[" << i << "]");
    places.push_back(std::move(place));
  }
  for (TokenPlace& place : places) {
    size_t index = static_cast<size_t>(std::find(places_.begin(), places_.end(), place) - places_.begin());
    if (index == places_.size()) places_.push_back(std::move(place));
    if (index >= kMaxPlaces) return Invalid(StrCat("sources: at most ", kMaxPlaces, " of all providers"));
    provider.places |= uint32_t{1} << index;
  }
  return absl::OkStatus();
}

std::string JwtConfig::Describe() const {
  std::string text = "tokens of ";
  for (size_t i = 0; i < providers_.size(); ++i) {
    text += StrCat(i == 0 ? "" : ", ", providers_[i].name, " (", providers_[i].issuer, ")");
  }
  return text;
}

std::vector<std::string> JwtConfig::Secrets() const {
  std::vector<std::string> secrets;
  for (const JwtProvider& provider : providers_) {
    if (const auto* secret = std::get_if<SecretKeys>(&provider.keys)) secrets.push_back(secret->secret);
    if (const auto* remote = std::get_if<RemoteKeys>(&provider.keys))
      secrets.insert(secrets.end(), remote->ca.begin(), remote->ca.end());
  }
  return secrets;
}

void JwtConfig::RemoveOwnFields(http::Headers& headers) const {
  for (const JwtProvider& provider : providers_) {
    for (const ClaimHeader& header : provider.headers) {
      if (header.id != http::HeaderId::kOther) {
        headers.Remove(header.id);
      } else {
        headers.Remove(header.header);
      }
    }
  }
}

bool JwtConfig::Strips(size_t place) const {
  return std::any_of(providers_.begin(), providers_.end(), [place](const JwtProvider& provider) {
    return provider.strip && ((provider.places >> place) & 1) != 0;
  });
}

void JwtConfig::NoteOwner(Exchange& x) {
  if (x.identity.subject.empty()) return;
  constexpr std::string_view kNul("\0", 1);
  NoteConsumer(CredentialKind::kToken, x.arena.Concat({x.identity.issuer, kNul, x.identity.subject}), x);
}

const JwtProvider* JwtConfig::ProviderOf(const jose::Token& token, size_t place) const {
  for (const JwtProvider& provider : providers_) {
    bool there = ((provider.places >> place) & 1) != 0;
    if (there && jose::CheckIssuer(token.claims.root(), provider.issuer) == jose::Fault::kNone) return &provider;
  }
  return nullptr;
}

std::string_view JwtConfig::Fault(const JwtProvider& provider, const jose::Token& token, const jose::Dates& dates,
                                  WallTime now) {
  if (!provider.algorithms.Contains(token.algorithm)) return "the provider's tokens are not signed like that";
  jose::Fault fault = jose::CheckDates(dates, now, provider.leeway, provider.expiry);
  if (fault != jose::Fault::kNone) return jose::TextOf(fault);
  jose::JsonValue claims = token.claims.root();
  if (!provider.audiences.empty()) fault = jose::CheckAudience(claims, provider.audiences);
  if (fault != jose::Fault::kNone) return jose::TextOf(fault);
  bool all = std::all_of(provider.required.begin(), provider.required.end(),
                         [&](const ClaimMatch& required) { return required.Holds(claims); });
  return all ? "" : "a required claim is missing or another";
}

std::string TextOf(jose::JsonValue claims, std::string_view name) {
  std::optional<jose::JsonValue> claim = claims.Find(name);
  return std::string(claim.has_value() ? TextOfClaim(*claim).value_or("") : "");
}

std::string FieldValueOf(jose::JsonValue claims, const std::string& path) {
  std::string value;
  std::optional<jose::JsonValue> claim = claims.FindPath(path);
  if (!claim.has_value()) return value;
  if (!claim->is_array()) {
    value = TextOfClaim(*claim).value_or("");
  } else {
    for (jose::JsonValue item : claim->children()) {
      std::optional<std::string_view> text = TextOfClaim(item);
      // ["a,b"] must not read as ["a", "b"].
      if (text.has_value() && text->find(',') != std::string_view::npos) return "";
      if (text.has_value()) value += StrCat(value.empty() ? "" : ",", *text);
    }
  }
  return CheckFieldValue(value).ok() ? value : "";
}

namespace {

// The token's story, as far as it can be told without its keys.
Judgement Tell(const JwtConfig& config, const FoundToken& found, Exchange& x, const Facts& facts) {
  AuthResult& result = x.identity.of(AuthMethod::kJwt);
  StatusOr<jose::Token> token = jose::ParseToken(found.text);
  result.state = AuthResult::State::kInvalid;
  if (!token.ok()) {
    result.why = x.arena.Copy(ToStd(token.status().message()));
    return Judgement::Pass(StrCat("counts as none: ", result.why));
  }
  const JwtProvider* provider = config.ProviderOf(*token, found.place);
  StatusOr<jose::Dates> dates = jose::ReadDates(token->claims.root());
  if (provider == nullptr || !dates.ok()) {
    result.why = provider == nullptr ? "no provider has its issuer" : "its dates cannot be read";
    return Judgement::Pass(StrCat("counts as none: ", result.why));
  }
  result.why = JwtConfig::Fault(*provider, *token, *dates, x.time.wall);
  if (!result.why.empty()) return Judgement::Pass(StrCat("token of ", provider->name, " counts as none: ", result.why));
  jose::JsonValue said = token->claims.root();
  std::string id = TextOf(said, "jti");
  std::string subject = TextOf(said, "sub");
  if (x.revocations != nullptr) result.why = x.revocations->Find({provider->issuer, id, subject, dates->issued});
  if (!result.why.empty()) return Judgement::Pass(StrCat("token of ", provider->name, " counts as none: ", result.why));
  std::optional<std::string_view> proof = facts.Find(StrCat(kProofFact, provider->name));
  if (proof.has_value() && proof->starts_with(kKeysAway)) {
    result.state = AuthResult::State::kUnknown;
    result.why = x.arena.Concat({"the keys of ", provider->name, " are ", *proof});
    return Judgement::Pass(StrCat("token of ", provider->name, ": nobody can tell whether it holds: ", result.why));
  }
  if (proof.has_value() && *proof != kProofGood) {
    result.why = *proof == kProofNoKey ? JwtConfig::kUnknownKey : JwtConfig::kBadSignature;
    return Judgement::Pass(StrCat("token of ", provider->name, " counts as none: ", result.why));
  }
  if (!proof.has_value() && x.identity.doubts(AuthMethod::kJwt)) {
    result.why = JwtConfig::kBadSignature;
    return Judgement::Pass(StrCat("token of ", provider->name, " counts as none: ", result.why));
  }
  result.state = proof.has_value() ? AuthResult::State::kProven : AuthResult::State::kAssumed;
  if (!proof.has_value()) result.why = "whether its signature holds is not known here";
  const jose::Json& claims = x.Own<jose::Json>(token->claims);
  x.identity.claims = &claims;
  x.identity.issuer = provider->issuer;
  x.identity.provider = provider->name;
  x.identity.subject = x.arena.Copy(subject);
  JwtConfig::NoteOwner(x);
  for (const ClaimHeader& header : provider->headers) {
    std::string value = FieldValueOf(claims.root(), header.claim);
    if (!value.empty()) x.request.headers.Set(header.header, x.arena.Copy(value));
  }
  std::string story = StrCat("token of ", provider->name, ": issuer ok");
  if (!provider->audiences.empty()) story += ", audience ok";
  if (dates->expires.has_value()) story += StrCat(", expires in ", MinutesText(*dates->expires - x.time.wall));
  if (!x.identity.subject.empty()) story += StrCat(", sub=", Printable(x.identity.subject));
  story += proof.has_value() ? ", signature ok" : "; whether its signature holds only a data plane knows";
  return Judgement::Pass(std::move(story));
}

}  // namespace

Judgement JwtConfig::Judge(Exchange& x, const Facts& facts) const {
  RemoveOwnFields(x.request.headers);
  FoundToken found = FindToken(x.request, places_);
  AuthResult& result = x.identity.of(AuthMethod::kJwt);
  if (found.count == FoundToken::Count::kOne) return Tell(*this, found, x, facts);
  bool none = found.count == FoundToken::Count::kNone;
  result.state = none ? AuthResult::State::kMissing : AuthResult::State::kInvalid;
  result.why = none ? "no token" : "more than one token";
  return Judgement::Pass(std::string(result.why));
}

}  // namespace penstock::policies
