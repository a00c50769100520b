#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "dataplane/snapshot/protocol.h"
#include "dataplane/snapshot/snapshot.h"

namespace penstock::proxy {

// An address and port, or path, that a worker listens at, and which listeners are there in the generation at hand.
// Lookups are made once per generation, and once for as long as requests name the same host, not per request. One
// worker thread.
class Place {
 public:
  explicit Place(snapshot::BindKey key)
      : key_(std::move(key)), port_text_(key_.is_unix() ? "" : std::to_string(key_.port)) {}

  const snapshot::BindKey& key() const { return key_; }
  // "": a Unix socket has none.
  const std::string& port_text() const { return port_text_; }

  // nullptr if the snapshot has nothing here. SERIAL changes with every snapshot.
  const snapshot::BindGroup* Group(const snapshot::Snapshot& snapshot, uint64_t serial) {
    if (serial_ != serial) {
      serial_ = serial;
      group_ = snapshot.FindBindGroup(key_);
      default_ = group_ == nullptr ? nullptr : snapshot.DefaultListener(*group_).get();
      if (default_ != nullptr) protocol_ = default_->protocol;
      host_known_ = false;
    }
    return group_;
  }

  // What is spoken here: of the last Group() that was not null. Who waited in the accept queue of a place whose
  // listeners have gone is still served, and not in cleartext if it was not.
  snapshot::ListenerProtocol protocol() const { return protocol_; }
  // Connections begin with a TLS handshake, or with a hello at least.
  bool secure() const { return snapshot::IsSecure(protocol_); }

  // The least specific listener of the last Group(). REQUIRES: that was not null.
  const snapshot::CompiledListener& default_listener() const { return *default_; }

  // The listener for HOST in the last Group(), or nullptr. REQUIRES: SNAPSHOT was that call's, which was not null.
  const snapshot::Shared<snapshot::CompiledListener>* ListenerOf(const snapshot::Snapshot& snapshot,
                                                                 std::string_view host) {
    if (host_known_ && host == std::string_view(host_.data(), host_size_)) return listener_;
    listener_ = snapshot.FindListenerForHost(*group_, host);
    host_known_ = host.size() <= host_.size();
    if (host_known_) {
      std::copy(host.begin(), host.end(), host_.begin());
      host_size_ = host.size();
    }
    return listener_;
  }

 private:
  const snapshot::BindKey key_;
  const std::string port_text_;
  uint64_t serial_ = 0;  // 0: none yet
  const snapshot::BindGroup* group_ = nullptr;
  const snapshot::CompiledListener* default_ = nullptr;
  snapshot::ListenerProtocol protocol_ = snapshot::ListenerProtocol::kHttp;

  // The host that was asked for last and its listener.
  bool host_known_ = false;
  size_t host_size_ = 0;
  std::array<char, 64> host_;
  const snapshot::Shared<snapshot::CompiledListener>* listener_ = nullptr;
};

}  // namespace penstock::proxy
