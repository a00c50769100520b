#pragma once

#include <cstdint>
#include <string>

#include "dataplane/snapshot/snapshot.h"

namespace penstock::proxy {

// An address and port that a worker listens at, and which listeners are there in the generation at hand. The lookup is
// made once per generation, not per request. One worker thread.
class Place {
 public:
  explicit Place(snapshot::BindKey key) : key_(std::move(key)), port_text_(std::to_string(key_.port)) {}

  const snapshot::BindKey& key() const { return key_; }
  const std::string& port_text() const { return port_text_; }

  // nullptr if the snapshot has nothing here. SERIAL changes with every snapshot.
  const snapshot::BindGroup* Group(const snapshot::Snapshot& snapshot, uint64_t serial) {
    if (serial_ != serial) {
      serial_ = serial;
      group_ = snapshot.FindBindGroup(key_.address, key_.port);
    }
    return group_;
  }

 private:
  const snapshot::BindKey key_;
  const std::string port_text_;
  uint64_t serial_ = 0;  // 0: none yet
  const snapshot::BindGroup* group_ = nullptr;
};

}  // namespace penstock::proxy
