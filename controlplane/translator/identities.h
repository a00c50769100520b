// Who is who, and what is taken back: Consumer, ApiKey and Revocation -> resources for every data plane.
#pragma once

#include <vector>

#include "api/manifests/v1/consumer.pb.h"
#include "api/manifests/v1/revocation.pb.h"
#include "controlplane/translator/findings.h"
#include "controlplane/translator/reader.h"
#include "controlplane/translator/state.h"

namespace penstock::translator {

// Each adds to `resources` what is well formed; what is not has an error that was told when it was parsed, or is told
// in `findings`.
void TranslateRevocation(const ObjectKey& key, const api::RevocationSpec& spec, Reader& reader, FindingSink& findings,
                         std::vector<ResourcePtr>& resources);
void TranslateConsumer(const ObjectKey& key, const api::ConsumerSpec& spec, Reader& reader, FindingSink& findings,
                       std::vector<ResourcePtr>& resources);
void TranslateApiKey(const ObjectKey& key, const api::ApiKeySpec& spec, Reader& reader, FindingSink& findings,
                     std::vector<ResourcePtr>& resources);

}  // namespace penstock::translator
