#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "dataplane/base/task.h"

namespace penstock {

// What a policy keeps at a worker and what runs by itself there: connections. Belongs to the worker's thread.
class Attachment {
 public:
  virtual ~Attachment() = default;
  // Ends what runs; after it the object may be destroyed.
  virtual Task<void> Stop() = 0;
};

// A worker's attachments: each lives as long as its owner, an object that generations share, and is ended here.
class Attachments {
 public:
  Attachments() = default;
  Attachments(const Attachments&) = delete;

  // The T of OWNER, which MAKE makes if there is none. REQUIRES: one T for one owner.
  template <typename T, typename Make>
  T& Get(const std::shared_ptr<const void>& owner, Make make) {
    for (Held& held : held_) {
      if (held.key == owner.get() && !held.owner.expired()) return static_cast<T&>(*held.attachment);
    }
    std::unique_ptr<T> made = make();
    T& result = *made;
    held_.push_back({owner.get(), owner, std::move(made)});
    return result;
  }

  // Ends those whose owners are gone; with ALL, the others too.
  Task<void> Sweep(bool all = false);
  bool empty() const { return held_.empty(); }

 private:
  struct Held {
    const void* key;                  // the owner's address,
    std::weak_ptr<const void> owner;  // which may be another object's once it is gone
    std::unique_ptr<Attachment> attachment;
  };

  std::vector<Held> held_;
};

}  // namespace penstock
