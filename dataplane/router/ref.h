#pragma once

#include <cstdint>
#include <utility>

namespace penstock::router {

// The base of nodes that versions of a persistent structure share. The count is not atomic: all versions belong to one
// thread (readers on other threads hold none). A copy begins with a count of its own.
class Counted {
 public:
  uint32_t owners() const { return count_; }

 protected:
  Counted() = default;
  Counted(const Counted&) {}
  Counted& operator=(const Counted&) = delete;
  ~Counted() = default;

 private:
  template <typename T>
  friend class Ref;
  mutable uint32_t count_ = 0;
};

// An owning pointer to a T, which derives from Counted and has static Destroy(T*), which frees it, and Clone(const T&),
// which makes an equal one that nobody shares.
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

  // Takes over a count that Release() gave away.
  static Ref Adopt(T* object) {
    Ref ref;
    ref.object_ = object;
    return ref;
  }
  T* Release() { return std::exchange(object_, nullptr); }

  const T* get() const { return object_; }
  const T& operator*() const { return *object_; }
  const T* operator->() const { return object_; }
  explicit operator bool() const { return object_ != nullptr; }

  // The object for an edit: itself if this is its only owner, else a copy that takes its place here.
  // REQUIRES: not null; this Ref is itself reached over unshared nodes only.
  T& Edit() {
    if (object_->count_ != 1) *this = Ref(T::Clone(*object_));
    return *object_;
  }
  // REQUIRES: all owners of the object are reached over unshared nodes only, by the caller.
  T& EditInPlace() { return *object_; }

 private:
  void Take() {
    if (object_ != nullptr) ++object_->count_;
  }

  T* object_ = nullptr;
};

}  // namespace penstock::router
