#include "dataplane/base/status.h"
#include "tools/cli/change.h"
#include "tools/cli/one_object.h"
#include "tools/cli/verbs/verbs.h"

namespace penstock::cli {
namespace {

constexpr Flag kFlags[] = {
    {"plan", 0, "NAME", "create: a Plan; empty: none"},
    {"namespace", 'n', "NAME", "default \"default\""},
};

absl::StatusOr<Exit> RunConsumer(Invocation& call) {
  RETURN_IF_ERROR(call.line.ExpectPositionals(1, 2));
  if (call.line.Positional(0) != "create") {
    return absl::InvalidArgumentError(
        StrCat("\"", call.line.Positional(0), "\": write create NAME; `penstock get consumers` lists them"));
  }
  RETURN_IF_ERROR(call.line.ExpectPositionals(2, 2));
  std::string name(call.line.Positional(1));
  ASSIGN_OR_RETURN(StoredObject stored, FindStored(call, "Consumer", name));
  Json manifest = std::move(stored.manifest);
  if (manifest.is_null()) manifest = ManifestOf(call.line, "Consumer", name, Json::object());
  // Who he is, his tokens, users and certificates, stays.
  if (call.line.Has("plan")) manifest["spec"]["plan"] = call.line.Get("plan");
  if (call.line.Has("plan") && call.line.Get("plan").empty()) manifest["spec"].erase("plan");
  return Store(call, manifest, stored.generation);
}

}  // namespace

const Verb kConsumer = {
    .name = "consumer",
    .group = "Change",
    .summary = "Creates a Consumer, or gives it another Plan",
    .arguments = "create NAME",
    .flags = kFlags,
    .shared_flags = kChangeFlags,
    .details =
        "Of a Consumer that exists only the Plan is changed, if --plan is given. What more he can have, as "
        "tokens, users and certificates, a manifest says: `penstock explain consumer`. It ends with exit 4, and "
        "changes nothing, where something else was stored in between: repeat it.",
    .example = "penstock consumer create mobile-app --plan gold",
    .run = RunConsumer,
};

}  // namespace penstock::cli
