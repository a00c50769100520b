// An object that somebody wrote: a manifest decoded into the message of its kind, with its key and its place in the
// files.
#pragma once

#include <compare>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "absl/status/statusor.h"
#include "controlplane/manifests/kinds.h"
#include "controlplane/manifests/source_map.h"
#include "google/protobuf/message.h"

namespace penstock::manifests {

// What identifies an object: group without version ("" core), kind, namespace ("" for cluster-scoped kinds), name.
struct ObjectKey {
  std::string group;
  std::string kind;
  std::string ns;
  std::string name;

  friend auto operator<=>(const ObjectKey&, const ObjectKey&) = default;
  friend bool operator==(const ObjectKey&, const ObjectKey&) = default;
  template <typename H>
  friend H AbslHashValue(H h, const ObjectKey& key) {
    return H::combine(std::move(h), key.group, key.kind, key.ns, key.name);
  }

  // As in messages: "HTTPRoute default/products", "GatewayClass penstock".
  std::string ToString() const;
};

class Object;
// Objects are immutable and shared: the store, the translator and a plan hold the same one.
using ObjectPtr = std::shared_ptr<const Object>;

// Immutable; any thread.
class Object {
 public:
  // Takes a message of one of the kinds. The key is read from its metadata. REQUIRES: `message` is of `kind`.
  Object(const Kind& kind, std::unique_ptr<google::protobuf::Message> message, SourceMap source = {},
         bool has_errors = false);

  // Reads what CanonicalBytes() wrote; SOURCE is where it was written, if that is known. Fails on bytes that are not
  // such a message or whose metadata contradicts `key`.
  static absl::StatusOr<ObjectPtr> FromBytes(const KindTable& kinds, const ObjectKey& key, std::string_view bytes,
                                             SourceMap source = {});

  const ObjectKey& key() const { return key_; }
  const Kind& kind() const { return *kind_; }
  const google::protobuf::Message& message() const { return *message_; }

  // The message as its type, nullptr if the object is of another kind: `if (const v1::HTTPRoute* route =
  // object.As<v1::HTTPRoute>())`.
  template <typename T>
  const T* As() const {
    if (message_->GetDescriptor() != T::descriptor()) return nullptr;
    return static_cast<const T*>(message_.get());
  }

  // Copies of metadata.labels and metadata.annotations, sorted.
  std::map<std::string, std::string> Labels() const;
  std::map<std::string, std::string> Annotations() const;

  // The protobuf encoding with sorted maps. Equal objects have equal bytes; positions are no part of it.
  std::string CanonicalBytes() const;

  const SourceMap& source() const { return source_; }

  // True: the object was identified, but some of its fields had errors and are unset. Good enough to check the
  // references of and to it, so that people get all errors at once; never to be stored or served.
  bool has_errors() const { return has_errors_; }

 private:
  const Kind* kind_;
  std::unique_ptr<google::protobuf::Message> message_;
  ObjectKey key_;
  SourceMap source_;
  bool has_errors_;
};

// True if both are the same object with the same contents.
bool SameContents(const Object& a, const Object& b);

// What one transaction changes. No key occurs twice.
struct ChangeSet {
  std::vector<ObjectPtr> upserts;
  std::vector<ObjectKey> removals;

  bool empty() const { return upserts.empty() && removals.empty(); }
};

// Matches a selector as the CLI takes it: "set=shop,tier!=gold,canary". An empty selector matches everything.
// InvalidArgument if it cannot be read.
absl::StatusOr<bool> MatchesSelector(const Object& object, std::string_view selector);

}  // namespace penstock::manifests
