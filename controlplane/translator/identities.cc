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

void Add(std::string name, wire::Credential credential, std::vector<ResourcePtr>& resources) {
  credential.set_name(std::move(name));
  resources.push_back(MakeResource(credential.name(), credential, {}));
}

}  // namespace

void TranslateRevocation(const ObjectKey& key, const api::RevocationSpec& spec, std::vector<ResourcePtr>& resources) {
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
                        reader.DidYouMean(spec.plan(), key.ns, {"Plan"}));
  }
  wire::Credential credential;
  credential.set_consumer(NamespacedName(key));
  credential.set_plan(spec.plan());
  std::string prefix = Cat("consumer/", NamespacedName(key), '/');
  for (int i = 0; i < spec.tokens_size(); ++i) {
    credential.mutable_token()->set_issuer(spec.tokens(i).issuer());
    credential.mutable_token()->set_subject(spec.tokens(i).subject());
    Add(Cat(prefix, "token-", i), credential, resources);
  }
  for (int i = 0; i < spec.certificates_size(); ++i) {
    credential.set_certificate(spec.certificates(i));
    Add(Cat(prefix, "certificate-", i), credential, resources);
  }
}

void TranslateApiKey(const ObjectKey& key, const api::ApiKeySpec& spec, Reader& reader, FindingSink& findings,
                     std::vector<ResourcePtr>& resources) {
  const auto* consumer = reader.Get<api::Consumer>(PenstockKey("Consumer", key.ns, spec.consumer()));
  if (consumer == nullptr) {
    findings.Unresolved("spec.consumer", "E101",
                        Cat("Consumer \"", spec.consumer(), "\" does not exist; without it the key is nobody's"),
                        reader.DidYouMean(spec.consumer(), key.ns, {"Consumer"}));
    return;
  }
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
