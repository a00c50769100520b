#include "dataplane/policies/rate_limit/rate_limit_policy.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include "dataplane/base/strings.h"
#include "dataplane/io/reactor/reactor.h"
#include "dataplane/policies/slots.h"
#include "dataplane/telemetry/stats/cells.h"

namespace penstock::policies {
namespace {

using limits::ConcurrencyTable;
using limits::Taken;

// RFC 9110 10.2.3: when somebody leaves, nobody knows.
constexpr Duration kSomebodyMayHaveLeft = std::chrono::seconds(1);

// A place among those in progress.
struct Held {
  ConcurrencyTable::Place place;
  Held* next;
};

// What one policy knows of one exchange; a chain may hold several. In the exchange's arena.
struct Note {
  const RateLimitPolicy* by;
  const LimitTerms* rule;  // that is told; null: none yet
  Taken taken;
  Held* held;
  Note* next;
};

Note* FindNote(const Exchange& x, const RateLimitPolicy* by) {
  auto* note = static_cast<Note*>(x.slots[kRateLimitSlot]);
  while (note != nullptr && note->by != by) note = note->next;
  return note;
}

Note& NoteOf(Exchange& x, const RateLimitPolicy* by) {
  Note* note = FindNote(x, by);
  if (note != nullptr) return *note;
  note = x.arena.New<Note>(by, nullptr, Taken(), nullptr, static_cast<Note*>(x.slots[kRateLimitSlot]));
  x.slots[kRateLimitSlot] = note;
  return *note;
}

// Refusals first, then who has less left.
bool Stricter(const Taken& a, const Taken& b) {
  if (a.allowed != b.allowed) return !a.allowed;
  return a.remaining < b.remaining;
}

uint64_t SecondsUp(Duration duration) {
  constexpr int64_t kNanos = 1'000'000'000;
  int64_t count = std::max<int64_t>(duration.count(), 0);
  return static_cast<uint64_t>(count / kNanos + (count % kNanos != 0 ? 1 : 0));
}

std::string_view Decimal(uint64_t number, Arena& arena) {
  char* text = arena.Allocate(20);
  char* end = std::to_chars(text, text + 20, number).ptr;
  return {text, static_cast<size_t>(end - text)};
}

Task<Verdict> WaitFor(Exchange& x, Duration delay) {
  Status waited = co_await x.services->reactor->Sleep(delay, x.wait());
  // Whoever is gone, or out of time, needs no answer of this policy.
  if (!waited.ok()) co_return Verdict::Continue();
  co_return Verdict::Continue();
}

}  // namespace

StatusOr<std::shared_ptr<const Policy>> RateLimitPolicy::Make(std::shared_ptr<const RateLimitConfig> config,
                                                              const Material& material) {
  auto table = material.runtime.Get<limits::LimitTable>("rate_limit/table",
                                                        [] { return std::make_shared<limits::LimitTable>(); });
  std::shared_ptr<ConcurrencyTable> in_progress;
  if (config->HasConcurrency()) {
    in_progress = material.runtime.Get<ConcurrencyTable>("rate_limit/in_progress",
                                                         [] { return std::make_shared<ConcurrencyTable>(); });
  }
  std::shared_ptr<LimitStore> store;
  if (const std::optional<RedisTerms>& redis = config->redis(); redis.has_value()) {
    std::string password;
    if (!redis->secret.empty()) {
      ASSIGN_OR_RETURN(password, material.secrets.Read(redis->secret, "password"));
    }
    ASSIGN_OR_RETURN(std::shared_ptr<LimitStore> made, LimitStore::Make(*redis, password, material.log));
    // In memory only, as the password itself.
    std::string identity = StrCat("rate_limit/redis/", redis->address, "\n", redis->user, "\n", redis->database, "\n",
                                  redis->timeout.count(), "\n", password);
    store = material.runtime.Get<LimitStore>(identity, [&] { return std::move(made); });
  }
  return std::shared_ptr<const Policy>(
      new RateLimitPolicy(std::move(config), std::move(table), std::move(in_progress), std::move(store)));
}

Task<Verdict> RateLimitPolicy::OnRequest(Exchange& x) const {
  const std::vector<LimitTerms>& rules = config_->rules();
  size_t i = config_->NextRule(x, 0);
  bool there = store_ != nullptr && x.services != nullptr && x.services->attachments != nullptr;
  if (there && i < rules.size()) return AskRedis(x, i);
  Duration delay{};
  for (; i < rules.size(); i = config_->NextRule(x, i + 1)) {
    Taken taken = TakeHere(rules[i], x);
    if (!Count(rules[i], taken, x)) return Refuse(rules[i], taken, x);
    if (!rules[i].shadow) delay = std::max(delay, taken.delay);
    if (!rules[i].also) break;
  }
  if (delay > Duration::zero()) return WaitFor(x, delay);
  return Verdict::Continue();
}

Taken RateLimitPolicy::TakeHere(const LimitTerms& rule, Exchange& x) const {
  if (rule.concurrency > 0) return Enter(rule, x);
  return table_->Take(rule.limit, EntryOf(rule, x), x.time.head_received, rule.cost);
}

Taken RateLimitPolicy::Enter(const LimitTerms& rule, Exchange& x) const {
  ConcurrencyTable::Entered entered = in_progress_->Enter(EntryOf(rule, x), rule.concurrency);
  if (entered.allowed) {
    Note& note = NoteOf(x, this);
    note.held = x.arena.New<Held>(entered.place, note.held);
  }
  if (entered.together && x.services != nullptr && x.services->cells != nullptr)
    x.services->cells->limits_crowded.Add();
  return Taken{.allowed = entered.allowed,
               .remaining = rule.concurrency - std::min(entered.running, rule.concurrency),
               .retry_after = entered.allowed ? Duration() : kSomebodyMayHaveLeft};
}

void RateLimitPolicy::LeaveAll(Exchange& x) const {
  Note* note = FindNote(x, this);
  if (note == nullptr) return;
  for (; note->held != nullptr; note->held = note->held->next) in_progress_->Leave(note->held->place);
}

Task<Verdict> RateLimitPolicy::AskRedis(Exchange& x, size_t i) const {
  const std::vector<LimitTerms>& rules = config_->rules();
  Duration delay{};
  for (; i < rules.size(); i = config_->NextRule(x, i + 1)) {
    StatusOr<Taken> answer = co_await TakeThere(rules[i], x);
    std::optional<Taken> taken;
    if (answer.ok()) {
      taken = *answer;
    } else {
      Verdict verdict = OnFailure(rules[i], answer.status(), x, taken);
      if (verdict.is_reply()) co_return verdict;
    }
    // Of what nobody counted, nothing is known to tell.
    if (taken.has_value()) {
      if (!Count(rules[i], *taken, x)) co_return Refuse(rules[i], *taken, x);
      if (!rules[i].shadow) delay = std::max(delay, taken->delay);
    }
    if (!rules[i].also) break;
  }
  if (delay > Duration::zero()) co_await WaitFor(x, delay);
  co_return Verdict::Continue();
}

Task<StatusOr<Taken>> RateLimitPolicy::TakeThere(const LimitTerms& rule, Exchange& x) const {
  // A data plane that dies could not give back what it took there.
  if (rule.concurrency > 0) co_return Enter(rule, x);
  LimitKeyValues values;
  RateLimitConfig::KeyOf(rule, x, values);
  // Each value with its length before it, so that no two keys are the same bytes.
  std::string key;
  for (std::string_view value : values.values()) key += StrCat(value.size(), ":", value);
  Wait wait = x.wait();
  wait.deadline = std::min(wait.deadline, After(x.services->reactor->Now(), config_->redis()->timeout));
  redis::LimitCalls& calls = store_->At(*x.services).calls();
  StatusOr<redis::TakenThere> there = co_await calls.Take(rule.limit, rule.identity, key, rule.cost, wait);
  if (!there.ok()) co_return there.status();
  co_return there->taken;
}

Verdict RateLimitPolicy::OnFailure(const LimitTerms& rule, const Status& why, Exchange& x,
                                   std::optional<Taken>& taken) const {
  if (x.services->cells != nullptr) x.services->cells->limits_unanswered.Add();
  switch (config_->redis()->on_failure) {
    case RedisTerms::Failure::kOpen:
      return Verdict::Continue();
    case RedisTerms::Failure::kLocal:
      taken = TakeHere(rule, x);
      return Verdict::Continue();
    case RedisTerms::Failure::kClosed:
      break;
  }
  if (rule.shadow) {
    NoteShadow(rule, Reason::kPolicyUnavailable, x);
    return Verdict::Continue();
  }
  LeaveAll(x);
  x.refusing_rule = rule.name;
  x.detail = x.arena.Concat({"limit \"", rule.name, "\" of ", config_->policy(), ": ", ToStd(why.message())});
  return Verdict::Reply(Reason::kPolicyUnavailable);
}

bool RateLimitPolicy::Count(const LimitTerms& rule, const Taken& taken, Exchange& x) const {
  if (!rule.shadow) {
    Note& note = NoteOf(x, this);
    if (note.rule == nullptr || Stricter(taken, note.taken)) {
      note.rule = &rule;
      note.taken = taken;
    }
  }
  bool shadowed = !taken.allowed && rule.shadow;
  if (shadowed) {
    NoteShadow(rule, Reason::kRateLimited, x);
    if (x.services != nullptr && x.services->cells != nullptr) x.services->cells->limits_shadowed.Add();
  }
  return taken.allowed || rule.shadow;
}

void RateLimitPolicy::NoteShadow(const LimitTerms& rule, Reason reason, Exchange& x) const {
  x.shadows = x.arena.New<ShadowRefusal>(this, reason, rule.name, x.shadows);
}

// Whoever is refused is not in progress, however long it takes to tell.
Verdict RateLimitPolicy::Refuse(const LimitTerms& rule, const Taken& taken, Exchange& x) const {
  LeaveAll(x);
  x.refusing_rule = rule.name;
  std::string_view what = rule.concurrency > 0 ? ": too many at a time" : "";
  x.detail = x.arena.Concat({"limit \"", rule.name, "\" of ", config_->policy(), what});
  // RFC 9110 10.2.3. A cost above the limit is refused whenever it comes.
  if (taken.retry_after != limits::kNever) {
    x.response.headers.Add("retry-after", Decimal(std::max<uint64_t>(SecondsUp(taken.retry_after), 1), x.arena));
  }
  return Verdict::Reply(Reason::kRateLimited);
}

Task<Verdict> RateLimitPolicy::OnResponse(Exchange& x) const {
  const Note* note = config_->tells() ? FindNote(x, this) : nullptr;
  if (note == nullptr || note->rule == nullptr) return Verdict::Continue();
  // Backends do not speak for this gateway. When others leave, nobody knows: a concurrency has no time.
  bool timed = note->rule->concurrency == 0;
  x.response.headers.Set("ratelimit-policy", note->rule->policy_field);
  x.response.headers.Set(
      "ratelimit",
      x.arena.Concat({"\"", note->rule->name, "\";r=", Decimal(note->taken.remaining, x.arena), timed ? ";t=" : "",
                      timed ? Decimal(SecondsUp(note->taken.reset), x.arena) : std::string_view()}));
  return Verdict::Continue();
}

limits::LimitKey RateLimitPolicy::EntryOf(const LimitTerms& rule, Exchange& x) const {
  LimitKeyValues key;
  key.Add(rule.identity);
  RateLimitConfig::KeyOf(rule, x, key);
  return rule.concurrency > 0 ? in_progress_->KeyOf(key.values()) : table_->KeyOf(key.values());
}

RateLimitPolicy::Left RateLimitPolicy::LeftOf(const LimitTerms& rule, Exchange& x, TimePoint now) const {
  limits::LimitKey entry = EntryOf(rule, x);
  if (rule.concurrency > 0) {
    uint32_t running = std::min(in_progress_->Running(entry), rule.concurrency);
    return {running < rule.concurrency, rule.concurrency - running};
  }
  return {table_->Peek(rule.limit, entry, now, rule.cost).allowed, table_->Peek(rule.limit, entry, now, 0).remaining};
}

void RateLimitPolicy::TellFacts(Exchange& x, TimePoint now, FactTeller tell) const {
  const std::vector<LimitTerms>& rules = config_->rules();
  for (size_t i = config_->NextRule(x, 0); i < rules.size(); i = config_->NextRule(x, i + 1)) {
    const LimitTerms& rule = rules[i];
    // Redis would have to be asked.
    bool known = store_ == nullptr || rule.concurrency > 0;
    Left left = known ? LeftOf(rule, x, now) : Left{.allowed = true, .requests = 0};
    if (known) {
      tell(x.arena.Concat({"rate_limit/", config_->policy(), "/", rule.name}),
           left.allowed ? Decimal(left.requests, x.arena) : "refused");
    }
    if (!rule.also || !(left.allowed || rule.shadow)) break;
  }
}

}  // namespace penstock::policies
