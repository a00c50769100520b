#include "controlplane/translator/revocations.h"

#include <string>

#include "absl/time/time.h"
#include "controlplane/translator/resource.h"
#include "proto/penstock/xds/v1/revocation.pb.h"

namespace penstock::translator {

ResourcePtr RevocationResource(const ObjectKey& key, const api::RevocationSpec& spec) {
  penstock::xds::v1::Revocation message;
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
    return nullptr;  // the manifest has an error that is told
  }
  return MakeResource(message.name(), message, {});
}

}  // namespace penstock::translator
