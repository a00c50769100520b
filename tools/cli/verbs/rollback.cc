#include "dataplane/base/status.h"
#include "tools/cli/change.h"
#include "tools/cli/text.h"
#include "tools/cli/verbs/verbs.h"

namespace penstock::cli {
namespace {

absl::StatusOr<uint64_t> GenerationOf(std::string_view typed) {
  uint64_t generation = 0;
  if (typed.empty() || typed == "-1") return 0;
  if (ReadNumber(typed, &generation) && generation > 0) return generation;
  return absl::InvalidArgumentError(
      StrCat("\"", typed, "\" is no generation; write its number (`penstock history` lists them), or -1"));
}

absl::StatusOr<Exit> RunRollback(Invocation& call) {
  RETURN_IF_ERROR(call.line.ExpectPositionals(0, 1));
  api::RollbackRequest request;
  ASSIGN_OR_RETURN(*request.mutable_change(), ChangeOptionsOf(call.line));
  ASSIGN_OR_RETURN(uint64_t to, GenerationOf(call.line.Positional(0)));
  request.set_to(to);
  auto send = [&](Client& client, absl::Duration limit, Client::OnEvent on_event) {
    return client.Rollback(request, limit, on_event);
  };
  return RunChange(call, request.change(), {}, send);
}

}  // namespace

const Verb kRollback = {
    .name = "rollback",
    .group = "Change",
    .summary = "Makes a new generation with the contents of an older one, and waits until every replica serves it",
    .arguments = "[GENERATION|-1]",
    .flags = {},
    .shared_flags = kChangeFlags,
    .details = "Without a number, or with -1, the one before the newest.",
    .example = "penstock rollback 41",
    .run = RunRollback,
};

}  // namespace penstock::cli
