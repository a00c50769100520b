#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "dataplane/snapshot/snapshot.h"

namespace penstock::proxy {

// An address and port that a worker listens at, and which listeners are there in the generation at hand. Lookups are
// made once per generation, and once for as long as requests name the same host, not per request. One worker thread.
class Place {
 public:
  explicit Place(snapshot::BindKey key) : key_(std::move(key)), port_text_(std::to_string(key_.port)) {}

  const snapshot::BindKey& key() const { return key_; }
  const std::string& port_text() const { return port_text_; }

  // nullptr if the snapshot has nothing here. SERIAL changes with every snapshot.
  const snapshot::BindGroup* Group(const snapshot::Snapshot& snapshot, uint64_t serial) {
    if (serial_ != serial) {
      serial_ = serial;
      group_ = snapshot.FindBindGroup(key_);
      default_ = group_ == nullptr ? nullptr : snapshot.DefaultListener(*group_).get();
      host_known_ = false;
      if (default_ != nullptr) secure_ = StartsWithTls(default_->protocol);
    }
    return group_;
  }

  // Connections begin with a TLS handshake, as the last Group() that was not null said: a place whose listeners have
  // gone does not go on in cleartext.
  bool secure() const { return secure_; }

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
  static bool StartsWithTls(snapshot::ListenerProtocol protocol) {
    return protocol == snapshot::ListenerProtocol::kHttps || protocol == snapshot::ListenerProtocol::kTls;
  }

  const snapshot::BindKey key_;
  const std::string port_text_;
  uint64_t serial_ = 0;  // 0: none yet
  const snapshot::BindGroup* group_ = nullptr;
  const snapshot::CompiledListener* default_ = nullptr;
  bool secure_ = false;

  // The host that was asked for last and its listener.
  bool host_known_ = false;
  size_t host_size_ = 0;
  std::array<char, 64> host_;
  const snapshot::Shared<snapshot::CompiledListener>* listener_ = nullptr;
};

}  // namespace penstock::proxy
