#include "controlplane/xds/transaction.h"

#include <algorithm>
#include <map>
#include <utility>

#include "dataplane/base/canonical_bytes.h"
#include "dataplane/base/strings.h"
#include "dataplane/snapshot/hash.h"
#include "proto/discovery/discovery.pb.h"

namespace penstock::xds_server {

const std::string_view kTypeOrder[9] = {
    snapshot::kClusterType,     snapshot::kEndpointsType,   snapshot::kSecretType,
    snapshot::kAddressListType, snapshot::kPolicyChainType, snapshot::kListenerType,
    snapshot::kRouteType,       snapshot::kRevocationType,  snapshot::kCredentialType};

namespace {

using discovery::v3::DeltaDiscoveryResponse;

// Collects resources of one type after the other and cuts a response when it is full.
class Writer {
 public:
  Writer(GenerationId id, std::string_view identifier) : id_(id), identifier_(identifier) {
    transaction_ = std::make_shared<Transaction>();
    transaction_->id = id;
  }

  void Add(std::string_view type_url, std::string_view name, std::string_view version, std::string_view bytes) {
    const size_t size = name.size() + version.size() + type_url.size() + bytes.size() + 32;
    StartOrContinue(type_url, size);
    auto* resource = response_.add_resources();
    resource->set_name(name.data(), name.size());
    resource->set_version(version.data(), version.size());
    resource->mutable_resource()->set_type_url(type_url.data(), type_url.size());
    resource->mutable_resource()->set_value(bytes.data(), bytes.size());
  }

  void AddNothing(std::string_view type_url) { StartOrContinue(type_url, 0); }

  void Remove(std::string_view type_url, std::string_view name) {
    StartOrContinue(type_url, name.size() + 8);
    response_.add_removed_resources(name.data(), name.size());
  }

  // Ends the open response, if there is one.
  void Cut() {
    if (response_.type_url().empty()) return;
    response_.set_system_version_info(store::ToString(id_));
    response_.set_nonce(StrCat(id_.epoch, ".", id_.number, ":", transaction_->responses.size()));
    response_.mutable_control_plane()->set_identifier(identifier_.data(), identifier_.size());
    auto bytes = std::make_shared<const std::string>(CanonicalBytes(response_));
    transaction_->bytes += bytes->size();
    transaction_->responses.push_back({.nonce = response_.nonce(), .bytes = std::move(bytes)});
    response_.Clear();
    size_ = 0;
  }

  std::shared_ptr<const Transaction> Finish() && {
    Cut();
    return std::move(transaction_);
  }

 private:
  void StartOrContinue(std::string_view type_url, size_t size) {
    if (response_.type_url() != type_url || size_ + size > kMaxResponseBytes) Cut();
    response_.set_type_url(type_url.data(), type_url.size());
    size_ += size;
  }

  GenerationId id_;
  std::string_view identifier_;
  std::shared_ptr<Transaction> transaction_;
  DeltaDiscoveryResponse response_;
  size_t size_ = 0;
};

}  // namespace

std::shared_ptr<const Transaction> Serialize(GenerationId id, const std::vector<ResourcePtr>& upserts,
                                             const std::vector<ResourceId>& removals,
                                             const xds::v1::Generation& generation,
                                             std::string_view control_plane_identifier) {
  std::map<std::string_view, std::vector<const rollout::Resource*>> set;
  for (const ResourcePtr& resource : upserts) set[resource->type_url].push_back(resource.get());
  std::map<std::string_view, std::vector<std::string_view>> removed;
  for (const ResourceId& resource : removals) removed[resource.type_url].push_back(resource.name);

  Writer writer(id, control_plane_identifier);
  for (std::string_view type_url : kTypeOrder) {
    auto& resources = set[type_url];
    std::sort(resources.begin(), resources.end(), [](const auto* a, const auto* b) { return a->name < b->name; });
    for (const rollout::Resource* resource : resources) {
      writer.Add(type_url, resource->name, resource->version, resource->bytes);
    }
  }
  // Removals in responses of their own, so that nothing is taken away before everything new was sent.
  writer.Cut();
  for (size_t i = std::size(kTypeOrder); i-- > 0;) {
    auto& names = removed[kTypeOrder[i]];
    std::sort(names.begin(), names.end());
    for (std::string_view name : names) writer.Remove(kTypeOrder[i], name);
  }
  writer.Cut();
  const std::string bytes = CanonicalBytes(generation);
  writer.Add(snapshot::kGenerationType, kGenerationName,
             snapshot::ResourceVersion(snapshot::kGenerationType, kGenerationName, bytes), bytes);
  return std::move(writer).Finish();
}

std::shared_ptr<const Transaction> SerializeTicketKeys(const xds::v1::TicketKeys& keys,
                                                       std::string_view control_plane_identifier) {
  Writer writer({}, control_plane_identifier);
  // The version tells of no bytes of the keys.
  writer.Add(kTicketKeysType, kTicketKeysName, StrCat(keys.sealing_since_unix_ms()), keys.SerializeAsString());
  return std::move(writer).Finish();
}

std::shared_ptr<const Transaction> SerializeQuestion(const xds::v1::Question& question, const std::string& nonce,
                                                     std::string_view control_plane_identifier) {
  DeltaDiscoveryResponse response;
  response.set_type_url(std::string(kQuestionType));
  response.set_nonce(nonce);
  response.mutable_control_plane()->set_identifier(std::string(control_plane_identifier));
  response.add_resources()->mutable_resource()->PackFrom(question);
  auto transaction = std::make_shared<Transaction>();
  auto bytes = std::make_shared<const std::string>(CanonicalBytes(response));
  transaction->bytes = bytes->size();
  transaction->responses.push_back({.nonce = nonce, .bytes = std::move(bytes)});
  return transaction;
}

std::shared_ptr<const Transaction> MakeGreeting(std::string_view control_plane_identifier) {
  Writer writer({}, control_plane_identifier);
  writer.AddNothing(kTypeOrder[0]);
  return std::move(writer).Finish();
}

}  // namespace penstock::xds_server
