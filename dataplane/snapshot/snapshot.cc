#include "dataplane/snapshot/snapshot.h"

#include <algorithm>

#include "dataplane/base/strings.h"
#include "dataplane/snapshot/state.h"

namespace penstock::snapshot {

Snapshot::Snapshot(std::unique_ptr<const SnapshotState> state) : state_(std::move(state)), lists_(*state_) {}
Snapshot::~Snapshot() = default;

GenerationId Snapshot::id() const { return state_->id; }
uint64_t Snapshot::hash() const { return state_->hash; }
const std::map<std::string, uint32_t>& Snapshot::counts() const { return state_->counts; }
uint64_t Snapshot::endpoints_epoch() const { return state_->endpoints_epoch; }
BindKey BindKey::Of(const CompiledListener& listener, const std::string& address) {
  BindKey key{address, listener.port, listener.protocol == ListenerProtocol::kUdp};
  if (key.is_unix()) key.port = 0;
  return key;
}

const std::vector<BindKey>& Snapshot::bind_keys() const { return state_->binds->keys; }

const BindGroup* Snapshot::FindBindGroup(const BindKey& key) const {
  const BindGroups& binds = *state_->binds;
  auto found = std::lower_bound(binds.keys.begin(), binds.keys.end(), key);
  if (found == binds.keys.end() || *found != key) return nullptr;
  return binds.groups[found - binds.keys.begin()].get();
}

Decision Snapshot::Decide(const BindGroup& group, const router::Request& request) const {
  const Shared<CompiledListener>* listener = FindListenerForHost(group, request.host);
  return listener == nullptr ? Decision() : Decide(*listener, request);
}

Decision Snapshot::Decide(const Shared<CompiledListener>& listener, const router::Request& request) const {
  Decision decision{.listener = &listener};
  const Attached* attached = state_->attached.Find(listener->name, state_->seed);
  if (attached != nullptr) decision.match = attached->router.Find(request);
  return decision;
}

Decision Snapshot::DecideTunnel(const Shared<CompiledListener>& listener, std::string_view host) const {
  return Decide(listener, {.method = "", .host = host, .path = "/", .query = "", .headers = nullptr});
}

const Shared<CompiledListener>* Snapshot::FindListenerForHost(const BindGroup& group, std::string_view host) const {
  const std::string* name = group.Find(host);
  return name == nullptr ? nullptr : FindListener(*name);
}

const Shared<CompiledListener>& Snapshot::DefaultListener(const BindGroup& group) const {
  return *FindListener(group.least_specific());
}

const Shared<CompiledListener>* Snapshot::FindListener(std::string_view name) const {
  return FindIn<CompiledListener>(*state_, name);
}
const Shared<CompiledRoute>* Snapshot::FindRoute(std::string_view name) const {
  return FindIn<CompiledRoute>(*state_, name);
}
const Shared<CompiledCluster>* Snapshot::FindCluster(std::string_view name) const {
  return FindIn<CompiledCluster>(*state_, name);
}
const Shared<EndpointSet>* Snapshot::FindEndpoints(std::string_view cluster) const {
  return FindIn<EndpointSet>(*state_, cluster);
}
const Shared<CompiledPolicyChain>* Snapshot::FindPolicyChain(std::string_view name) const {
  return FindIn<CompiledPolicyChain>(*state_, name);
}
const Shared<CompiledSecret>* Snapshot::FindSecret(std::string_view name) const {
  return FindIn<CompiledSecret>(*state_, name);
}

const Revocations& Snapshot::revocations() const { return *state_->revoked; }
const Consumers& Snapshot::consumers() const { return *state_->consumers; }

namespace {

template <typename T, typename Visit>
void ForEachIn(const SnapshotState& state, Visit visit) {
  auto each = [&visit](const Record<T>& record) { visit(record.value); };
  (state.*SnapshotState::TableOf<T>()).ForEach(each);
}

template <typename T, typename Visit>
void ForEachVersionIn(const SnapshotState& state, Visit& visit) {
  auto each = [&visit](const Record<T>& record) { visit(TypeUrlOf<T>(), record.key(), record.version); };
  (state.*SnapshotState::TableOf<T>()).ForEach(each);
}

}  // namespace

void Snapshot::ForEachListener(absl::FunctionRef<void(const Shared<CompiledListener>&)> visit) const {
  ForEachIn<CompiledListener>(*state_, visit);
}
void Snapshot::ForEachRoute(absl::FunctionRef<void(const Shared<CompiledRoute>&)> visit) const {
  ForEachIn<CompiledRoute>(*state_, visit);
}
void Snapshot::ForEachCluster(absl::FunctionRef<void(const Shared<CompiledCluster>&)> visit) const {
  ForEachIn<CompiledCluster>(*state_, visit);
}
void Snapshot::ForEachEndpoints(absl::FunctionRef<void(const Shared<EndpointSet>&)> visit) const {
  ForEachIn<EndpointSet>(*state_, visit);
}
void Snapshot::ForEachPolicyChain(absl::FunctionRef<void(const Shared<CompiledPolicyChain>&)> visit) const {
  ForEachIn<CompiledPolicyChain>(*state_, visit);
}

void Snapshot::ForEachVersion(
    absl::FunctionRef<void(std::string_view type_url, std::string_view name, std::string_view version)> visit) const {
  ForEachVersionIn<CompiledListener>(*state_, visit);
  ForEachVersionIn<CompiledRoute>(*state_, visit);
  ForEachVersionIn<CompiledCluster>(*state_, visit);
  ForEachVersionIn<EndpointSet>(*state_, visit);
  ForEachVersionIn<CompiledPolicyChain>(*state_, visit);
  ForEachVersionIn<CompiledRevocation>(*state_, visit);
  ForEachVersionIn<CompiledCredential>(*state_, visit);
  ForEachVersionIn<CompiledAddressList>(*state_, visit);
  ForEachVersionIn<CompiledSecret>(*state_, visit);
}

// From the most to the least specific: exact, longer wildcards first, any.
static bool LessSpecific(std::string_view a, std::string_view b) {
  bool a_wildcard = a.empty() || a.starts_with("*.");
  bool b_wildcard = b.empty() || b.starts_with("*.");
  if (a_wildcard != b_wildcard) return a_wildcard;
  return a.size() != b.size() ? a.size() < b.size() : a < b;
}

bool BindGroup::Add(const CompiledListener& listener) {
  if (least_specific_ == nullptr || LessSpecific(listener.hostname, least_specific_->first)) {
    least_specific_ = std::make_unique<const std::pair<std::string, std::string>>(listener.hostname, listener.name);
  }
  if (listener.hostname.empty()) {
    if (any_ != nullptr) return false;
    any_ = std::make_unique<const std::string>(listener.name);
    return true;
  }
  if (listener.hostname.starts_with("*.")) return wildcards_.emplace(listener.hostname.substr(2), listener.name).second;
  return exact_.emplace(listener.hostname, listener.name).second;
}

const std::string* BindGroup::Find(std::string_view host) const {
  if (!exact_.empty()) {
    auto exact = exact_.find(ToAbsl(host));
    if (exact != exact_.end()) return &exact->second;
  }
  size_t dot = host.find('.', 1);
  while (!wildcards_.empty() && dot != std::string_view::npos) {
    auto wildcard = wildcards_.find(ToAbsl(host.substr(dot + 1)));
    if (wildcard != wildcards_.end()) return &wildcard->second;
    dot = host.find('.', dot + 1);
  }
  return any_.get();
}

}  // namespace penstock::snapshot
