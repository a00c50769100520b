#include "dataplane/snapshot/credential.h"

#include <algorithm>
#include <array>
#include <iterator>

#include "dataplane/base/strings.h"

namespace penstock::snapshot {
namespace {

constexpr size_t kMaxValue = 2049;  // issuer, NUL, subject
constexpr size_t kSha256 = 32;
constexpr char kKinds[] = {'k', 't', 'c', 'u'};
static_assert(std::size(kKinds) == static_cast<size_t>(CredentialKind::kCount));

std::string KeyOf(CredentialKind kind, std::string_view value) {
  return StrCat(std::string(1, kKinds[static_cast<size_t>(kind)]), value);
}

// A and B with a NUL between, which neither has.
void TakePair(const std::string& a, const std::string& b, CompiledCredential& to, const char* field,
              const char* problem, ProblemSink& problems) {
  to.value = a + '\0' + b;
  bool whole = !a.empty() && !b.empty();
  bool nul = std::count(to.value.begin(), to.value.end(), '\0') != 1;
  if (!whole || nul) problems.Add("E205", Field(field), problem);
}

// kind_case() is one of those that are known.
void TakeValue(const xds::v1::Credential& from, CompiledCredential& to, ProblemSink& problems) {
  if (from.has_token()) {
    to.kind = CredentialKind::kToken;
    TakePair(from.token().issuer(), from.token().subject(), to, "token", "issuer and subject are needed, without a NUL",
             problems);
  } else if (from.has_user()) {
    to.kind = CredentialKind::kUser;
    TakePair(from.user().namespace_(), from.user().name(), to, "user", "namespace and name are needed, without a NUL",
             problems);
  } else if (from.kind_case() == xds::v1::Credential::kCertificate) {
    to.kind = CredentialKind::kCertificate;
    to.value = from.certificate();
    if (to.value.empty()) problems.Add("E205", Field("certificate"), "names nobody");
  } else {
    to.value = from.api_key_sha256();
    if (to.value.size() != kSha256) problems.Add("E205", Field("api_key_sha256"), "32 bytes are needed");
  }
  if (to.value.size() > kMaxValue) problems.Add("E210", Field("kind"), "too long");
}

}  // namespace

std::shared_ptr<const CompiledCredential> CompileCredential(const xds::v1::Credential& credential,
                                                            ProblemSink& problems) {
  auto result = std::make_shared<CompiledCredential>();
  result->name = credential.name();
  result->consumer = credential.consumer();
  result->plan = credential.plan();
  if (result->consumer.empty()) problems.Add("E205", Field("consumer"), "belongs to nobody");
  if (credential.expires_unix_ms() != 0) {
    result->expires = WallTimeOfUnixMs(credential.expires_unix_ms());
  }
  if (credential.kind_case() == xds::v1::Credential::KIND_NOT_SET) {
    problems.Add("E208", Field("kind"), "a kind of credential that this build does not know");
  } else {
    TakeValue(credential, *result, problems);
  }
  return result;
}

ConsumerEntry CredentialIndex::Find(CredentialKind kind, std::string_view value, WallTime now) const {
  if (of_[static_cast<size_t>(kind)] == 0 || value.size() > kMaxValue) return {};
  std::array<char, 1 + kMaxValue> key;
  key[0] = kKinds[static_cast<size_t>(kind)];
  std::copy(value.begin(), value.end(), key.begin() + 1);
  const Known* known = known_.Find({key.data(), 1 + value.size()}, seed_);
  if (known == nullptr) return {};
  for (const std::shared_ptr<const CompiledCredential>& credential : known->by) {
    if (now < credential->expires) return {credential->consumer, credential->plan};
  }
  return {};
}

void CredentialIndex::Add(const std::shared_ptr<const CompiledCredential>& credential) {
  std::string key = KeyOf(credential->kind, credential->value);
  if (known_.Find(key, seed_) == nullptr) known_.Insert(router::Ref<Known>(new Known(key)), seed_);
  known_.Edit(key, seed_, [&](router::Ref<Known>& known) {
    auto& by = known.Edit().by;
    auto place = std::find_if(by.begin(), by.end(), [&](const auto& other) { return credential->name < other->name; });
    by.insert(place, credential);
  });
  ++of_[static_cast<size_t>(credential->kind)];
}

void CredentialIndex::Remove(const CompiledCredential& credential) {
  std::string key = KeyOf(credential.kind, credential.value);
  bool last = false;
  known_.Edit(key, seed_, [&](router::Ref<Known>& known) {
    auto& by = known.Edit().by;
    std::erase_if(by, [&](const auto& other) { return other->name == credential.name; });
    last = by.empty();
  });
  if (last) known_.Erase(key, seed_);
  --of_[static_cast<size_t>(credential.kind)];
}

}  // namespace penstock::snapshot
