#include "dataplane/snapshot/revocation.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "dataplane/base/strings.h"
#include "dataplane/router/hash_key.h"

namespace penstock::snapshot {
namespace {

using What = CompiledRevocation::What;

constexpr size_t kMaxValue = 1024;
constexpr char kKinds[] = {'t', 's', 'b'};

// "t" + issuer + NUL + value: neither of them holds a NUL, or it is nobody's.
std::string KeyOf(What what, std::string_view issuer, std::string_view value) {
  std::string key(1, kKinds[static_cast<size_t>(what)]);
  key += issuer;
  key += '\0';
  key += value;
  return key;
}

void CheckText(const std::string& text, const char* field, bool required, ProblemSink& problems) {
  if (required && text.empty()) problems.Add("E205", Field(field), "names nothing");
  if (text.size() > kMaxValue) problems.Add("E210", Field(field), StrCat("at most ", kMaxValue, " bytes are allowed"));
  if (text.find('\0') != std::string::npos) problems.Add("E205", Field(field), "holds a NUL");
}

}  // namespace

std::string CompiledRevocation::Key() const { return KeyOf(what, issuer, value); }

std::shared_ptr<const CompiledRevocation> CompileRevocation(const xds::v1::Revocation& revocation,
                                                            ProblemSink& problems) {
  auto result = std::make_shared<CompiledRevocation>();
  result->name = revocation.name();
  result->issuer = revocation.issuer();
  CheckText(result->issuer, "issuer", false, problems);
  switch (revocation.what_case()) {
    case xds::v1::Revocation::kTokenId:
      result->value = revocation.token_id();
      CheckText(result->value, "token_id", true, problems);
      break;
    case xds::v1::Revocation::kSubject:
      result->what = What::kSubject;
      result->value = revocation.subject();
      CheckText(result->value, "subject", true, problems);
      break;
    case xds::v1::Revocation::kIssuedBeforeUnixMs:
      result->what = What::kIssuedBefore;
      result->before = WallTimeOfUnixMs(revocation.issued_before_unix_ms());
      break;
    case xds::v1::Revocation::WHAT_NOT_SET:
      // Whatever it is that a newer control plane takes back must not go on here.
      problems.Add("E208", Field("what"), "it takes back nothing that this build knows");
      break;
  }
  return result;
}

std::string_view RevocationIndex::Find(const TokenFacts& token) const {
  if (size_ == 0) return "";
  for (std::string_view issuer : {token.issuer, std::string_view()}) {
    if (Has(What::kTokenId, issuer, token.id)) return "the token is revoked";
    if (Has(What::kSubject, issuer, token.subject)) return "the tokens of its subject are revoked";
    if (IssuedBefore(issuer, token)) return "the tokens that were issued before some time are revoked";
  }
  return "";
}

bool RevocationIndex::Has(What what, std::string_view issuer, std::string_view value) const {
  if (of_[static_cast<size_t>(what)] == 0 || value.empty() || value.size() > kMaxValue || issuer.size() > kMaxValue) {
    return false;
  }
  // As KeyOf, without the heap.
  std::array<char, 2 + 2 * kMaxValue> key;
  char* end = key.data();
  *end++ = kKinds[static_cast<size_t>(what)];
  end = std::copy(issuer.begin(), issuer.end(), end);
  *end++ = '\0';
  end = std::copy(value.begin(), value.end(), end);
  return revoked_.Find({key.data(), static_cast<size_t>(end - key.data())}, seed_) != nullptr;
}

bool RevocationIndex::IssuedBefore(std::string_view issuer, const TokenFacts& token) const {
  if (of_[static_cast<size_t>(What::kIssuedBefore)] == 0 || issuer.size() > kMaxValue) return false;
  const Revoked* revoked = revoked_.Find(KeyOf(What::kIssuedBefore, issuer, ""), seed_);
  if (revoked == nullptr) return false;
  return !token.issued.has_value() || *token.issued < revoked->before.back();
}

uint64_t RevocationIndex::HashOf(const CompiledRevocation& revocation) const {
  uint64_t before = static_cast<uint64_t>(revocation.before.time_since_epoch().count());
  return router::HashKey(revocation.Key(), seed_ ^ before);
}

void RevocationIndex::Add(const CompiledRevocation& revocation) {
  std::string key = revocation.Key();
  if (revoked_.Find(key, seed_) == nullptr) revoked_.Insert(router::Ref<Revoked>(new Revoked(key)), seed_);
  revoked_.Edit(key, seed_, [&](router::Ref<Revoked>& revoked) {
    Revoked& edited = revoked.Edit();
    ++edited.count;
    if (revocation.what != What::kIssuedBefore) return;
    edited.before.insert(std::upper_bound(edited.before.begin(), edited.before.end(), revocation.before),
                         revocation.before);
  });
  ++size_;
  version_ += HashOf(revocation);
  ++of_[static_cast<size_t>(revocation.what)];
}

void RevocationIndex::Remove(const CompiledRevocation& revocation) {
  std::string key = revocation.Key();
  bool last = false;
  revoked_.Edit(key, seed_, [&](router::Ref<Revoked>& revoked) {
    Revoked& edited = revoked.Edit();
    last = --edited.count == 0;
    auto found = std::find(edited.before.begin(), edited.before.end(), revocation.before);
    if (revocation.what == What::kIssuedBefore && found != edited.before.end()) edited.before.erase(found);
  });
  if (last) revoked_.Erase(key, seed_);
  --size_;
  version_ -= HashOf(revocation);
  --of_[static_cast<size_t>(revocation.what)];
}

}  // namespace penstock::snapshot
