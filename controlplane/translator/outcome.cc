#include "controlplane/translator/outcome.h"

#include <algorithm>
#include <map>
#include <utility>

#include "controlplane/manifests/text.h"
#include "controlplane/translator/status.h"

namespace penstock::translator {
namespace {

using manifests::Cat;

// Whoever has the listener for every host of ATTACHMENT, if that is not ROUTE; nullptr: ROUTE has a part of it.
const Claim* OwnerOf(const Attachment& attachment, const ObjectKey& route, const State& state) {
  const Claim* owner = nullptr;
  auto lost = [&](std::string_view hostname) {
    const auto* claims = state.claims.Find(Layer4Claim(attachment.ResourceName(), hostname));
    if (claims == nullptr || claims->front()->route == route) return false;
    owner = claims->front().get();
    return true;
  };
  const auto& hostnames = attachment.hostnames;
  bool all = hostnames.empty() ? lost("") : std::all_of(hostnames.begin(), hostnames.end(), lost);
  return all ? owner : nullptr;
}

void Refuse(const Claim& owner, uint64_t generation, api::RouteParentStatus& parent) {
  for (api::Condition& condition : *parent.mutable_conditions()) {
    if (condition.type() != "Accepted") continue;
    condition = MakeCondition("Accepted", false, "Conflicted",
                              Cat(owner.route.ToString(), " has the listener and goes first"), generation);
  }
}

}  // namespace

RouteOutcome OutcomeOf(const Upsert& route, const RouteOutput& output, const State& state) {
  RouteOutcome outcome;
  outcome.status = output.status;
  std::map<std::string, const Claim*> owners;  // of the listeners that are lost
  for (const Attachment& attachment : output.attachments) {
    const Claim* owner = output.layer4 ? OwnerOf(attachment, route.object->key(), state) : nullptr;
    if (owner == nullptr) {
      outcome.attached.push_back(attachment);
    } else {
      owners[attachment.ResourceName()] = owner;
    }
  }
  if (owners.empty()) return outcome;
  auto status = std::make_shared<api::ObjectStatus>(*output.status);
  for (int i = 0; i < status->route().parents_size(); ++i) {
    const std::vector<std::string>& listeners = output.reached[static_cast<size_t>(i)];
    bool lost = !listeners.empty() && std::all_of(listeners.begin(), listeners.end(), [&](const std::string& listener) {
      return owners.contains(listener);
    });
    if (lost) {
      Refuse(*owners[listeners.front()], route.last_generation, *status->mutable_route()->mutable_parents(i));
    }
  }
  outcome.status = std::move(status);
  return outcome;
}

std::string Layer4Claim(const std::string& listener, std::string_view hostname) {
  return Cat(listener, "\n", hostname, "\n");
}

}  // namespace penstock::translator
