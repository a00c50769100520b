#include "tools/cli/object_names.h"

#include "controlplane/manifests/nearest.h"
#include "dataplane/base/status.h"
#include "tools/cli/text.h"

namespace penstock::cli {

using management::v1::ObjectRef;

namespace {

ObjectRef RefOf(const manifests::Kind& kind, std::string_view ns, std::string_view name) {
  ObjectRef ref;
  ref.set_group(kind.group);
  ref.set_kind(kind.name);
  if (!kind.cluster_scoped) ref.set_namespace_(std::string(ns));
  ref.set_name(std::string(name));
  return ref;
}

}  // namespace

absl::StatusOr<const manifests::Kind*> FindKind(std::string_view typed) {
  const manifests::Kind* kind = manifests::BuiltInKinds().FindByAnyName(typed);
  if (kind != nullptr) return kind;
  std::string hint = manifests::DidYouMean(manifests::BuiltInKinds().Nearest(typed));
  return absl::NotFoundError(
      StrCat("unknown kind \"", typed, "\"", hint.empty() ? "; `penstock explain` lists the kinds" : "; " + hint));
}

absl::StatusOr<std::vector<ObjectRef>> ParseObjectNames(const std::vector<std::string>& words, std::string_view ns) {
  std::vector<ObjectRef> refs;
  if (words.empty()) return absl::InvalidArgumentError("name the objects: KIND NAME... or KIND/NAME...");
  if (words[0].find('/') == std::string::npos) {
    ASSIGN_OR_RETURN(const manifests::Kind* kind, FindKind(words[0]));
    for (size_t i = 1; i < words.size(); ++i) refs.push_back(RefOf(*kind, ns, words[i]));
    if (refs.empty()) return absl::InvalidArgumentError(StrCat("which ", kind->name, "? name it after the kind"));
    return refs;
  }
  for (const std::string& word : words) {
    size_t slash = word.find('/');
    if (slash == std::string::npos || slash + 1 == word.size()) {
      return absl::InvalidArgumentError(StrCat("\"", word, "\" is not KIND/NAME"));
    }
    ASSIGN_OR_RETURN(const manifests::Kind* kind, FindKind(std::string_view(word).substr(0, slash)));
    refs.push_back(RefOf(*kind, ns, std::string_view(word).substr(slash + 1)));
  }
  return refs;
}

}  // namespace penstock::cli
