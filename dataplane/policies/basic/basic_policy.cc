#include "dataplane/policies/basic/basic_policy.h"

#include <utility>

#include "dataplane/base/strings.h"
#include "dataplane/io/reactor/reactor.h"
#include "dataplane/telemetry/stats/cells.h"

namespace penstock::policies {
namespace {

using State = AuthResult::State;

// One file for all who want it, over generations: it may have thousands of lines, and stand in a thousand chains.
StatusOr<std::shared_ptr<const passwords::UserFile>> ReadUsers(const std::string& secret, const Material& material) {
  struct Read {
    std::string text;
    StatusOr<passwords::UserFile> file;
  };
  ASSIGN_OR_RETURN(std::string text, material.secrets.Read(secret, BasicConfig::kFileKey));
  auto read = material.runtime.Get<Read>(StrCat("basic/users/", std::hash<std::string>()(text), "/", secret), [&] {
    return std::make_shared<Read>(Read{text, passwords::UserFile::Parse(text)});
  });
  // Two texts of one hash: the one that came later is not shared.
  if (read->text != text) read = std::make_shared<Read>(Read{text, passwords::UserFile::Parse(text)});
  RETURN_IF_ERROR(read->file.status()) << "Secret \"" << secret << "\", key " << BasicConfig::kFileKey;
  return std::shared_ptr<const passwords::UserFile>(read, &*read->file);
}

telemetry::WorkerCells* CellsOf(const Exchange& x) { return x.services == nullptr ? nullptr : x.services->cells; }

void NoteResult(State state, std::string_view why, Exchange& x) { x.identity.of(AuthMethod::kBasic) = {state, why}; }

}  // namespace

StatusOr<std::shared_ptr<const Policy>> BasicPolicy::Make(std::shared_ptr<const BasicConfig> config,
                                                          const Material& material) {
  std::shared_ptr<const passwords::UserFile> users;
  if (!config->secret().empty()) {
    ASSIGN_OR_RETURN(users, ReadUsers(config->secret(), material));
    if (material.passwords == nullptr) return absl::UnimplementedError("no password is checked here");
    material.passwords->Start();
  }
  auto results =
      material.runtime.Get<Results>("basic/results", [&] { return std::make_shared<Results>(material.workers); });
  return std::shared_ptr<const Policy>(
      new BasicPolicy(std::move(config), std::move(users), material.passwords, std::move(results)));
}

Task<Verdict> BasicPolicy::OnRequest(Exchange& x) const {
  BasicCredentials found = FindBasicCredentials(x.request, x.arena);
  if (config_->strips()) RemoveBasicCredentials(x.request);
  x.identity.of(AuthMethod::kBasic) = found.result;
  if (found.result.state != State::kAssumed) return Verdict::Continue();
  if (users_ == nullptr) {
    NoteResult(State::kUnknown, BasicConfig::kNoUsers, x);
    return Verdict::Continue();
  }
  Claim claim{found.user, found.password, checker_->key().SubjectOf(found.user, *users_), {}};
  claim.digest = checker_->key().Of(claim.user, claim.subject, claim.password);
  std::optional<passwords::Result> known = ResultsOf(x).Find(claim.digest, x.time.started, config_->cache_ttl());
  if (!known.has_value()) return Check(claim, x);
  if (telemetry::WorkerCells* cells = CellsOf(x)) cells->passwords_reused.Add();
  Note(claim, known->right, x);
  return Verdict::Continue();
}

passwords::ResultCache& BasicPolicy::ResultsOf(const Exchange& x) const {
  std::unique_ptr<passwords::ResultCache>& results =
      results_->of_worker[x.services == nullptr ? 0 : static_cast<size_t>(x.services->worker)];
  if (results == nullptr) results = std::make_unique<passwords::ResultCache>(passwords::ResultCache::kOfWorker);
  return *results;
}

Task<Verdict> BasicPolicy::Check(Claim claim, Exchange& x) const {
  if (x.services == nullptr || x.services->reactor == nullptr) {
    NoteResult(State::kUnknown, "no password is checked here", x);
    co_return Verdict::Continue();
  }
  io::Reactor& reactor = *x.services->reactor;
  telemetry::WorkerCells* cells = CellsOf(x);
  passwords::Question question{claim.digest, claim.subject, claim.password, config_->cache_ttl()};
  Wait wait = x.wait().Until(After(reactor.Now(), kMaxWait));
  StatusOr<passwords::Answer> answer = co_await checker_->Check(reactor, question, wait);
  if (!answer.ok()) {
    bool full = absl::IsResourceExhausted(answer.status());
    if (full && cells != nullptr) cells->passwords_refused.Add();
    NoteResult(State::kUnknown, x.arena.Copy(ToStd(answer.status().message())), x);
    co_return Verdict::Continue();
  }
  if (cells != nullptr) (answer->computed ? cells->passwords_verified : cells->passwords_reused).Add();
  ResultsOf(x).Keep(claim.digest, answer->result);
  Note(claim, answer->result.right, x);
  co_return Verdict::Continue();
}

void BasicPolicy::Note(const Claim& claim, bool right, Exchange& x) const {
  if (right) return config_->NoteUser(claim.user, State::kProven, x);
  NoteResult(State::kInvalid, BasicConfig::kWrong, x);
}

}  // namespace penstock::policies
