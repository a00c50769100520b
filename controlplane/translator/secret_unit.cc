#include "controlplane/translator/secret_unit.h"

#include <optional>
#include <utility>

#include "api/manifests/v1/core.pb.h"
#include "controlplane/translator/findings.h"
#include "controlplane/translator/resource.h"
#include "controlplane/translator/secret_contents.h"
#include "proto/penstock/xds/v1/secret.pb.h"

namespace penstock::translator {
namespace {

ResourcePtr SecretResource(const SecretId& id, const manifests::Object& object, std::vector<std::string> gateways) {
  penstock::xds::v1::Secret message;
  message.set_name(id.ToString());
  if (const auto* secret = object.As<api::Secret>()) message.set_type(secret->type());
  std::vector<std::string_view> keys = KeysOf(id.use);
  if (id.use == SecretId::Use::kValue) keys.push_back(id.key);
  for (std::string_view key : keys) {
    std::string_view value = ValueOf(object, key).value_or("");
    (*message.mutable_data())[std::string(key)] = std::string(value);
  }
  return MakeResource(message.name(), message, std::move(gateways));
}

}  // namespace

SecretOutput TranslateSecret(const std::string& secret, std::vector<std::string> gateways,
                             std::optional<absl::Time> now, Reader& reader) {
  SecretOutput output;
  SecretId id = SecretId::Parse(secret);
  const Upsert* upsert = reader.Object(id.Object());
  if (upsert != nullptr && id.use == SecretId::Use::kValue) {
    if (ValueOf(*upsert->object, id.key).has_value())
      output.resources.push_back(SecretResource(id, *upsert->object, std::move(gateways)));
  } else if (upsert != nullptr) {
    const manifests::Object& object = *upsert->object;
    FindingSink findings(object, reader.allow_unresolved());
    if (const std::optional<ContentFault>& fault = upsert->contents->Fault(id.use); fault.has_value()) {
      bool is_certificate = id.use == SecretId::Use::kCertificate;
      findings.Unresolved(FieldOf(object, fault->key), "E140", fault->problem,
                          is_certificate ? "tls.crt is the certificate and its chain, tls.key its key, both in PEM"
                                         : "ca.crt holds the certificates of authorities, in PEM");
    } else {
      output.resources.push_back(SecretResource(id, object, std::move(gateways)));
      std::optional<ContentFault> time = now.has_value() ? upsert->contents->PastOrFuture(id.use, *now) : std::nullopt;
      if (time.has_value()) {
        findings.Warning(FieldOf(object, time->key), "W213", time->problem,
                         "it is served all the same; apply a new certificate");
      }
    }
    output.findings = findings.Take();
  }
  output.reads = reader.TakeReads();
  return output;
}

}  // namespace penstock::translator
