#pragma once

#include <cstdint>
#include <utility>

namespace penstock::router {

// The base of nodes that versions of a persistent structure share. The count is not atomic: all versions belong to one
// thread (readers on other threads hold none). T is copied with a fresh count.
class Counted {
 protected:
  Counted() = default;
  Counted(const Counted&) {}
  Counted& operator=(const Counted&) { return *this; }
  ~Counted() = default;

 private:
  template <typename T>
  friend class Ref;
  mutable uint32_t count_ = 0;
};

// An owning pointer to a Counted T. T::Destroy(T*) frees it; T::Clone(const T&) makes a copy that nobody shares.
template <typename T>
class Ref {
 public:
  Ref() = default;
  explicit Ref(T* object) : object_(object) { Take(); }
  Ref(const Ref& other) : object_(other.object_) { Take(); }
  Ref(Ref&& other) noexcept : object_(std::exchange(other.object_, nullptr)) {}
  Ref& operator=(Ref other) noexcept {
    std::swap(object_, other.object_);
    return *this;
  }
  ~Ref() {
    if (object_ != nullptr && --object_->count_ == 0) T::Destroy(object_);
  }

  const T* get() const { return object_; }
  const T& operator*() const { return *object_; }
  const T* operator->() const { return object_; }
  explicit operator bool() const { return object_ != nullptr; }

  // The object for an edit: itself if this is its only owner, else a copy that takes its place here.
  // REQUIRES: this Ref is itself reached over unshared nodes only.
  T& Edit() {
    if (object_->count_ != 1) *this = Ref(T::Clone(*object_));
    return *object_;
  }

 private:
  void Take() {
    if (object_ != nullptr) ++object_->count_;
  }

  T* object_ = nullptr;
};

}  // namespace penstock::router
