#include "controlplane/translator/identities.h"

#include <string>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/time/time.h"
#include "controlplane/manifests/text.h"
#include "controlplane/translator/resource.h"
#include "proto/penstock/xds/v1/credential.pb.h"
#include "proto/penstock/xds/v1/revocation.pb.h"

namespace penstock::translator {
namespace {

namespace wire = penstock::xds::v1;
using manifests::Cat;

ObjectKey PenstockKey(std::string_view kind, std::string_view ns, std::string_view name) {
  return ObjectKey{std::string(kPenstockGroup), std::string(kind), std::string(ns), std::string(name)};
}

// A credential that stands for another Consumer, too, tells nobody who somebody is. WHAT: `user "ada"`.
void CheckOwners(const ObjectKey& key, const std::string& credential, const std::string& what, const std::string& path,
                 Reader& reader, FindingSink& findings) {
  for (const Upsert* other : reader.Claiming(credential)) {
    const ObjectKey& theirs = other->object->key();
    if (theirs == key) continue;
    findings.Error(path, "E142",
                   Cat(what, " is Consumer \"", NamespacedName(key), "\" here, and Consumer \"", NamespacedName(theirs),
                       "\" there"),
                   "take it away from one of the two");
    return;
  }
}

// Two objects may have one key of one Consumer: whoever moves it to another name.
void CheckKeyOwners(const ObjectKey& key, const api::ApiKeySpec& spec, Reader& reader, FindingSink& findings) {
  for (const Upsert* other : reader.Claiming(ApiKeyDep(spec.sha256()))) {
    const ObjectKey& theirs = other->object->key();
    const std::string& owner = other->object->As<api::ApiKey>()->spec().consumer();
    if (theirs.ns == key.ns && owner == spec.consumer()) continue;
    findings.Error("spec.sha256", "E142",
                   Cat("the key is Consumer \"", key.ns, '/', spec.consumer(), "\" here, and Consumer \"", theirs.ns,
                       '/', owner, "\" in ApiKey \"", NamespacedName(theirs), "\""),
                   "take it away from one of the two");
    return;
  }
}

void Add(std::string name, wire::Credential credential, std::vector<ResourcePtr>& resources) {
  credential.set_name(std::move(name));
  resources.push_back(MakeResource(credential.name(), credential, {}));
}

}  // namespace

void TranslateRevocation(const ObjectKey& key, const api::RevocationSpec& spec, Reader& reader, FindingSink& findings,
                         std::vector<ResourcePtr>& resources) {
  if (!spec.issuer().empty() && !reader.TakesTokensOf(spec.issuer())) {
    findings.Warning("spec.issuer", "W222", Cat("no SecurityPolicy takes tokens of \"", spec.issuer(), "\""),
                     "compare it, byte for byte, with the issuer of the provider whose tokens are meant");
  }
  wire::Revocation message;
  message.set_name(NamespacedName(key));
  message.set_issuer(spec.issuer());
  absl::Time before;
  if (!spec.token_id().empty()) {
    message.set_token_id(spec.token_id());
  } else if (!spec.subject().empty()) {
    message.set_subject(spec.subject());
  } else if (absl::ParseTime(absl::RFC3339_full, spec.issued_before(), &before, nullptr)) {
    message.set_issued_before_unix_ms(absl::ToUnixMillis(before));
  } else {
    return;
  }
  resources.push_back(MakeResource(message.name(), message, {}));
}

void TranslateConsumer(const ObjectKey& key, const api::ConsumerSpec& spec, Reader& reader, FindingSink& findings,
                       std::vector<ResourcePtr>& resources) {
  if (!spec.plan().empty() && reader.Object(PenstockKey("Plan", key.ns, spec.plan())) == nullptr) {
    findings.Unresolved("spec.plan", "E101", Cat("Plan \"", spec.plan(), "\" does not exist"),
                        reader.StepForMissing(spec.plan(), key.ns, {"Plan"}));
  }
  wire::Credential credential;
  credential.set_consumer(NamespacedName(key));
  credential.set_plan(spec.plan());
  std::string prefix = Cat("consumer/", NamespacedName(key), '/');
  for (int i = 0; i < spec.tokens_size(); ++i) {
    const api::TokenOwner& token = spec.tokens(i);
    CheckOwners(key, TokenDep(token.issuer(), token.subject()),
                Cat("subject \"", token.subject(), "\" of ", token.issuer()), Cat("spec.tokens[", i, "]"), reader,
                findings);
    credential.mutable_token()->set_issuer(token.issuer());
    credential.mutable_token()->set_subject(token.subject());
    Add(Cat(prefix, "token-", i), credential, resources);
  }
  for (int i = 0; i < spec.certificates_size(); ++i) {
    CheckOwners(key, CertificateDep(spec.certificates(i)), Cat("certificate \"", spec.certificates(i), "\""),
                Cat("spec.certificates[", i, "]"), reader, findings);
    credential.set_certificate(spec.certificates(i));
    Add(Cat(prefix, "certificate-", i), credential, resources);
  }
  for (int i = 0; i < spec.users_size(); ++i) {
    CheckOwners(key, UserDep(key.ns, spec.users(i)), Cat("user \"", spec.users(i), "\""), Cat("spec.users[", i, "]"),
                reader, findings);
    credential.mutable_user()->set_namespace_(key.ns);
    credential.mutable_user()->set_name(spec.users(i));
    Add(Cat(prefix, "user-", i), credential, resources);
  }
}

void TranslateApiKey(const ObjectKey& key, const api::ApiKeySpec& spec, Reader& reader, FindingSink& findings,
                     std::vector<ResourcePtr>& resources) {
  const auto* consumer = reader.Get<api::Consumer>(PenstockKey("Consumer", key.ns, spec.consumer()));
  if (consumer == nullptr) {
    findings.Unresolved("spec.consumer", "E101",
                        Cat("Consumer \"", spec.consumer(), "\" does not exist; without it the key is nobody's"),
                        reader.StepForMissing(spec.consumer(), key.ns, {"Consumer"}));
    return;
  }
  CheckKeyOwners(key, spec, reader, findings);
  std::string hash = absl::HexStringToBytes(spec.sha256());
  if (spec.sha256().size() != 64) return;
  wire::Credential credential;
  credential.set_consumer(Cat(key.ns, '/', spec.consumer()));
  credential.set_plan(consumer->spec().plan());
  credential.set_api_key_sha256(hash);
  absl::Time expires;
  if (absl::ParseTime(absl::RFC3339_full, spec.expires(), &expires, nullptr))
    credential.set_expires_unix_ms(absl::ToUnixMillis(expires));
  Add(Cat("apikey/", NamespacedName(key)), std::move(credential), resources);
}

}  // namespace penstock::translator
