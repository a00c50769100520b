#include "dataplane/base/status.h"
#include "tools/cli/change.h"
#include "tools/cli/object_names.h"
#include "tools/cli/verbs/verbs.h"

namespace penstock::cli {
namespace {

constexpr Flag kFlags[] = {
    {"namespace", 'n', "NAME", "of the objects; default \"default\""},
    {"selector", 'l', "LABELS", "every object with these labels: set=shop"},
};

absl::StatusOr<api::DeleteRequest> RequestOf(const CommandLine& line) {
  api::DeleteRequest request;
  ASSIGN_OR_RETURN(*request.mutable_change(), ChangeOptionsOf(line));
  request.set_label_selector(line.Get("selector"));
  if (line.Has("selector")) {
    RETURN_IF_ERROR(line.ExpectPositionals(0, 0));
    return request;
  }
  ASSIGN_OR_RETURN(std::vector<api::ObjectRef> objects,
                   ParseObjectNames(line.Positionals(), line.Get("namespace", "default")));
  for (api::ObjectRef& object : objects) *request.add_objects() = std::move(object);
  return request;
}

absl::StatusOr<Exit> RunDelete(Invocation& call) {
  ASSIGN_OR_RETURN(api::DeleteRequest request, RequestOf(call.line));
  auto send = [&](Client& client, absl::Duration limit, Client::OnEvent on_event) {
    return client.Delete(request, limit, on_event);
  };
  return RunChange(call, request.change(), {}, send);
}

}  // namespace

const Verb kDelete = {
    .name = "delete",
    .group = "Change",
    .summary = "Deletes objects in one transaction, and waits until no replica serves them",
    .arguments = "KIND NAME... | KIND/NAME... | -l LABELS",
    .flags = kFlags,
    .shared_flags = kChangeFlags,
    .details =
        "A deletion that leaves a reference to nothing behind is refused (exit 3), unless --allow-unresolved is "
        "given.",
    .example = "penstock delete httproute products",
    .run = RunDelete,
};

}  // namespace penstock::cli
