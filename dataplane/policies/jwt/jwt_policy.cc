#include "dataplane/policies/jwt/jwt_policy.h"

#include <algorithm>
#include <utility>

#include "dataplane/base/strings.h"
#include "dataplane/io/reactor/reactor.h"
#include "dataplane/telemetry/stats/cells.h"

namespace penstock::policies {
namespace {

constexpr Duration kLookAgain = std::chrono::milliseconds(10);

// One document for all who want it alike, over generations.
StatusOr<std::shared_ptr<fetch::Document>> Open(const fetch::Request& request, const Material& material) {
  Status opened = absl::OkStatus();
  auto document = material.runtime.Get<fetch::Document>(StrCat("jwt/document/", request.Identity()), [&] {
    StatusOr<std::shared_ptr<fetch::Document>> made = material.fetcher->Open(request);
    opened = made.status();
    return made.ok() ? *std::move(made) : nullptr;
  });
  RETURN_IF_ERROR(opened);
  return document;
}

StatusOr<std::shared_ptr<KeySource>> MakeRemote(const RemoteKeys& remote, const Material& material) {
  fetch::Request request{.uri = remote.uri,
                         .refresh = remote.cache_duration,
                         .allow_private_addresses = remote.allow_private_addresses,
                         .check = CheckKeys};
  for (const std::string& secret : remote.ca) {
    ASSIGN_OR_RETURN(std::string pem, material.secrets.Read(secret, "ca.crt"));
    request.authorities += pem + "\n";
  }
  if (material.fetcher == nullptr) return absl::UnimplementedError("nothing is fetched here");
  ASSIGN_OR_RETURN(std::shared_ptr<fetch::Document> document, Open(request, material));
  std::string identity = StrCat("jwt/keys/", remote.max_stale.count(), " ", request.Identity());
  return material.runtime.Get<KeySource>(
      identity, [&] { return std::shared_ptr<KeySource>(MakeFetchedKeys(std::move(document), remote.max_stale)); });
}

StatusOr<std::shared_ptr<KeySource>> MakeSource(const JwtProvider& provider, const Material& material) {
  if (const auto* fixed = std::get_if<InlineKeys>(&provider.keys)) return MakeFixedKeys(fixed->json);
  if (const auto* remote = std::get_if<RemoteKeys>(&provider.keys)) return MakeRemote(*remote, material);
  const auto* secret = std::get_if<SecretKeys>(&provider.keys);
  if (secret == nullptr) return std::shared_ptr<KeySource>(MakeNoKeys());
  ASSIGN_OR_RETURN(std::string json, material.secrets.Read(secret->secret, "jwks"));
  return MakeFixedKeys(json);
}

void Note(Exchange& x, AuthResult::State state, std::string_view why) {
  x.identity.of(AuthMethod::kJwt) = {state, why};
}
void NoteInvalid(Exchange& x, const Status& status) {
  Note(x, AuthResult::State::kInvalid, x.arena.Copy(ToStd(status.message())));
}

}  // namespace

StatusOr<std::shared_ptr<const Policy>> JwtPolicy::Make(std::shared_ptr<const JwtConfig> config,
                                                        const Material& material) {
  std::vector<std::shared_ptr<KeySource>> keys;
  for (const JwtProvider& provider : config->providers()) {
    ASSIGN_OR_RETURN(std::shared_ptr<KeySource> source, MakeSource(provider, material),
                     _ << "the keys of provider " << provider.name);
    keys.push_back(std::move(source));
  }
  auto caches = material.runtime.Get<Caches>(StrCat("jwt/tokens/", config->identity()),
                                             [&] { return std::make_shared<Caches>(material.workers); });
  return std::shared_ptr<const Policy>(new JwtPolicy(std::move(config), std::move(keys), std::move(caches)));
}

Task<Verdict> JwtPolicy::OnRequest(Exchange& x) const {
  config_->RemoveOwnFields(x.request.headers);
  FoundToken found = FindToken(x.request, config_->places());
  if (found.count != FoundToken::Count::kOne) {
    bool none = found.count == FoundToken::Count::kNone;
    Note(x, none ? AuthResult::State::kMissing : AuthResult::State::kInvalid,
         none ? "no token" : "more than one token");
    RemoveUnproven(found, x);
    return Verdict::Continue();
  }
  if (TokenRef token = FindVerified(found, x)) {
    if (x.services != nullptr && x.services->cells != nullptr) x.services->cells->tokens_reused.Add();
    Accept(std::move(token), x);
    return Verdict::Continue();
  }
  return Verify(found, x);
}

TokenCache& JwtPolicy::CacheOf(const Exchange& x) const {
  std::unique_ptr<TokenCache>& cache =
      caches_->of_worker[x.services == nullptr ? 0 : static_cast<size_t>(x.services->worker)];
  if (cache == nullptr) cache = std::make_unique<TokenCache>();
  return *cache;
}

// It counts as long as nothing that it was found good by has changed.
TokenRef JwtPolicy::FindVerified(const FoundToken& found, Exchange& x) const {
  TokenCache& cache = CacheOf(x);
  TokenRef token = cache.Find(found.text);
  if (!token) return token;
  bool holds = token->place == found.place && x.time.started < token->keep_until && x.time.wall < token->until &&
               token->keys_version == keys_[token->provider]->version();
  if (!holds) cache.Erase(found.text);
  return holds ? std::move(token) : TokenRef();
}

Task<Verdict> JwtPolicy::Verify(FoundToken found, Exchange& x) const {
  StatusOr<jose::Token> token = jose::ParseToken(found.text);
  if (!token.ok()) {
    NoteInvalid(x, token.status());
  } else if (const JwtProvider* provider = config_->ProviderOf(*token, found.place); provider != nullptr) {
    co_await VerifyFor(*provider, found, *std::move(token), x);
  } else {
    Note(x, AuthResult::State::kInvalid, "no provider has its issuer");
  }
  RemoveUnproven(found, x);
  co_return Verdict::Continue();
}

// What a backend shall not get it does not get either if it does not hold: it might believe it.
void JwtPolicy::RemoveUnproven(const FoundToken& found, Exchange& x) const {
  if (found.count == FoundToken::Count::kNone || x.identity.proven(AuthMethod::kJwt)) return;
  for (size_t i = 0; i < config_->places().size(); ++i) {
    bool there = found.count == FoundToken::Count::kSeveral || found.place == i;
    if (there && config_->Strips(i)) RemoveToken(config_->places()[i], x.request, x.arena);
  }
}

Task<void> JwtPolicy::VerifyFor(const JwtProvider& provider, FoundToken found, jose::Token token, Exchange& x) const {
  StatusOr<jose::Dates> dates = jose::ReadDates(token.claims.root());
  if (!dates.ok()) co_return NoteInvalid(x, dates.status());
  std::string_view fault = JwtConfig::Fault(provider, token, *dates, x.time.wall);
  if (!fault.empty()) co_return Note(x, AuthResult::State::kInvalid, fault);
  auto index = static_cast<size_t>(&provider - config_->providers().data());
  uint64_t version = keys_[index]->version();
  KeysPtr keys;
  jose::Proof proof = co_await Prove(token, index, x, keys);
  if (keys == nullptr) {
    std::string problem = StrCat("the keys of ", provider.name, " are away: ", keys_[index]->Problem());
    co_return Note(x, AuthResult::State::kUnknown, x.arena.Copy(problem));
  }
  if (proof == jose::Proof::kNoKey) co_return Note(x, AuthResult::State::kInvalid, JwtConfig::kUnknownKey);
  if (proof != jose::Proof::kGood) co_return Note(x, AuthResult::State::kInvalid, JwtConfig::kBadSignature);
  if (x.services != nullptr && x.services->cells != nullptr) x.services->cells->tokens_verified.Add();
  Accept(Keep(found, std::move(token), *dates, index, version, x), x);
}

Task<KeysPtr> JwtPolicy::KeysFor(size_t provider, bool unknown, Exchange& x) const {
  KeySource& source = *keys_[provider];
  KeysPtr before = source.Current();
  bool coming = unknown ? source.AskForNewer() : before == nullptr && source.Expected();
  if (!coming || x.services == nullptr || x.services->reactor == nullptr) co_return before;
  io::Reactor& reactor = *x.services->reactor;
  TimePoint until = std::min(After(reactor.Now(), kMaxWait), x.deadline);
  while (reactor.Now() < until) {
    Status slept = co_await reactor.Sleep(kLookAgain, x.wait());
    KeysPtr now = source.Current();
    bool newer = now != nullptr && now != before;
    if (!slept.ok() || newer || !source.Expected()) co_return now;
  }
  co_return source.Current();
}

Task<jose::Proof> JwtPolicy::Prove(const jose::Token& token, size_t provider, Exchange& x, KeysPtr& keys) const {
  keys = co_await KeysFor(provider, false, x);
  if (keys == nullptr) co_return jose::Proof::kNoKey;
  jose::Proof proof = keys->Check(token);
  if (proof != jose::Proof::kNoKey) co_return proof;
  // The issuer may have got a new key.
  KeysPtr newer = co_await KeysFor(provider, true, x);
  if (newer == nullptr || newer == keys) co_return proof;
  keys = std::move(newer);
  co_return keys->Check(token);
}

TokenRef JwtPolicy::Keep(const FoundToken& found, jose::Token token, const jose::Dates& dates, size_t provider,
                         uint64_t keys_version, Exchange& x) const {
  const JwtProvider& of = config_->providers()[provider];
  TokenRef verified(*new VerifiedToken);
  VerifiedToken& entry = *verified.get();
  entry.text = std::string(found.text);
  entry.provider = provider;
  entry.place = found.place;
  entry.keys_version = keys_version;
  bool endless = !dates.expires.has_value() || *dates.expires > WallTime::max() - of.leeway;
  entry.until = endless ? WallTime::max() : *dates.expires + of.leeway;
  entry.keep_until = After(x.time.started, of.cache_ttl);
  entry.claims = std::move(token.claims);
  entry.subject = TextOf(entry.claims->root(), "sub");
  entry.id = TextOf(entry.claims->root(), "jti");
  entry.issued = dates.issued;
  for (size_t i = 0; i < of.headers.size(); ++i) {
    std::string value = FieldValueOf(entry.claims->root(), of.headers[i].claim);
    if (!value.empty()) entry.fields.emplace_back(i, std::move(value));
  }
  if (of.cache_ttl > Duration::zero()) CacheOf(x).Insert(verified.Share());
  return verified;
}

void JwtPolicy::Accept(TokenRef token, Exchange& x) const {
  const JwtProvider& provider = config_->providers()[token->provider];
  TokenFacts facts{provider.issuer, token->id, token->subject, token->issued};
  std::string_view revoked = x.revocations == nullptr ? "" : x.revocations->Find(facts);
  if (!revoked.empty()) return Note(x, AuthResult::State::kInvalid, revoked);
  x.identity.of(AuthMethod::kJwt) = {AuthResult::State::kProven, ""};
  x.identity.issuer = provider.issuer;
  x.identity.provider = provider.name;
  x.identity.subject = token->subject;
  x.identity.claims = &*token->claims;
  JwtConfig::NoteOwner(x);
  for (const auto& [index, value] : token->fields) {
    const ClaimHeader& header = provider.headers[index];
    if (header.id != http::HeaderId::kOther) {
      x.request.headers.Set(header.id, value);
    } else {
      x.request.headers.Set(header.header, value);
    }
  }
  if (provider.strip) RemoveToken(config_->places()[token->place], x.request, x.arena);
  x.Own<TokenRef>(std::move(token));
}

// With the keys that are here: none are asked for.
void JwtPolicy::TellFacts(Exchange& x, TimePoint, FactTeller tell) const {
  FoundToken found = FindToken(x.request, config_->places());
  if (found.count != FoundToken::Count::kOne) return;
  StatusOr<jose::Token> token = jose::ParseToken(found.text);
  if (!token.ok()) return;
  const JwtProvider* provider = config_->ProviderOf(*token, found.place);
  if (provider == nullptr) return;
  KeySource& source = *keys_[static_cast<size_t>(provider - config_->providers().data())];
  KeysPtr keys = source.Current();
  std::string fact = StrCat(kProofFact, provider->name);
  if (keys == nullptr) return tell(fact, StrCat(kKeysAway, source.Problem()));
  constexpr std::string_view kProofs[] = {kProofGood, kProofNoKey, kProofWrong};
  tell(fact, kProofs[static_cast<size_t>(keys->Check(*token))]);
}

}  // namespace penstock::policies
