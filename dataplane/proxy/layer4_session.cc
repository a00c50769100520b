#include "dataplane/proxy/layer4_session.h"

namespace penstock::proxy {

Layer4Session::~Layer4Session() { PENSTOCK_CHECK(ended_, "a session says how it ended"); }

Reason Layer4Session::Decide(Place& place) {
  const snapshot::Snapshot& snapshot = *proxy_.generation->snapshot;
  const snapshot::BindGroup* group = FindGroup(place);
  if (group == nullptr) return Reason::kNoListener;
  const snapshot::Shared<snapshot::CompiledListener>* listener =
      client_.listener.empty() ? snapshot.FindListenerForHost(*group, {}) : snapshot.FindListener(client_.listener);
  snapshot::Decision decision;
  if (listener != nullptr) {
    listener_ = (*listener)->name;
    decision = snapshot.DecideTunnel(*listener, client_.server_name);
  }
  Begin(decision.match != nullptr ? std::string_view(decision.route().name) : std::string_view());
  if (listener == nullptr) return Reason::kNoListener;
  if (decision.match == nullptr) return Reason::kNoRoute;
  rule_ = decision.match->rule;
  const auto* tunnel = std::get_if<snapshot::Tunnel>(&decision.rule().action);
  if (tunnel == nullptr) return Reason::kNoRoute;
  const snapshot::WeightedCluster* backend = snapshot::PickCluster(tunnel->clusters, tunnel->total_weight, seed_);
  if (backend == nullptr) return Reason::kNoBackend;
  if (backend->cluster.empty()) return Reason::kBackendUnresolved;
  cluster_ = proxy_.upstreams.Find(snapshot, proxy_.generation->tls, backend->cluster);
  if (cluster_ == nullptr) return Reason::kBackendUnresolved;
  cluster_name_ = backend->cluster;
  view_ = cluster_->view();
  idle_timeout_ = tunnel->idle_timeout.value_or((*listener)->client.tunnel_idle_timeout);
  return Reason::kNone;
}

void Layer4Session::Refuse(Place& place) {
  FindGroup(place);
  if (!client_.listener.empty()) listener_ = client_.listener;
}

// Until the server name has told, the default listener stands for all.
const snapshot::BindGroup* Layer4Session::FindGroup(Place& place) {
  snapshot::GenerationId id = proxy_.generation->snapshot->id();
  generation_epoch_ = id.epoch;
  generation_number_ = id.number;
  seed_ = proxy_.reactor.random().Next();
  const snapshot::BindGroup* group = proxy_.Listeners(place);
  if (group != nullptr) listener_ = place.default_listener().name;
  return group;
}

void Layer4Session::Begin(std::string_view route) {
  route_ = route;
  cells_ = proxy_.stats.HoldRoute(listener_, route);
  cells_->sessions.Add();
  cells_->sessions_active.Add(1);
}

void Layer4Session::CountIn(std::size_t bytes) {
  bytes_in_ += bytes;
  cells_->session_bytes_in.Add(bytes);
  cluster_->cells().session_bytes_sent.Add(bytes);
}

void Layer4Session::CountOut(std::size_t bytes) {
  bytes_out_ += bytes;
  cells_->session_bytes_out.Add(bytes);
  cluster_->cells().session_bytes_received.Add(bytes);
}

void Layer4Session::End(Reason reason, std::string_view detail) {
  ended_ = true;
  view_ = upstream::ViewRef();
  if (cells_ != nullptr) cells_->sessions_active.Add(-1);
  if (reason != Reason::kNone) proxy_.stats.cells().local_replies[static_cast<size_t>(reason)].Add();
  if (proxy_.log != nullptr) Log(reason, detail);
}

void Layer4Session::Log(Reason reason, std::string_view detail) {
  proxy_.log->Write(telemetry::ConnectionLogEntry{
      .time_unix_ns = client_.wall.time_since_epoch().count(),
      .protocol = client_.protocol,
      .generation_epoch = generation_epoch_,
      .generation_number = generation_number_,
      .endpoints_epoch = connected_.endpoints_epoch,
      .listener = listener_,
      .route = route_,
      .rule = rule_,
      .cluster = cluster_name_,
      .endpoint = connected_.endpoint,
      .server_name = client_.server_name,
      .reason = NameOf(reason),
      .detail = detail.empty() ? std::string_view(connected_.detail) : detail,
      .bytes_in = bytes_in_,
      .bytes_out = bytes_out_,
      .datagrams_in = datagrams_in_,
      .datagrams_out = datagrams_out_,
      .duration = proxy_.reactor.Now() - client_.started,
      .upstream_connect = connected_.connect,
      .peer = client_.peer,
      .proxy = client_.proxy,
      .tries = connected_.tries,
      .seed = seed_,
  });
}

}  // namespace penstock::proxy
