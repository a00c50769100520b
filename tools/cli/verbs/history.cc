#include "absl/time/clock.h"
#include "dataplane/base/status.h"
#include "tools/cli/change.h"
#include "tools/cli/object_names.h"
#include "tools/cli/render/change_report.h"
#include "tools/cli/render/fleet.h"
#include "tools/cli/render/human.h"
#include "tools/cli/render/table.h"
#include "tools/cli/text.h"
#include "tools/cli/verbs/verbs.h"

namespace penstock::cli {
namespace {

constexpr Flag kFlags[] = {
    {"limit", 0, "N", "how many; default 20"},
    {"namespace", 'n', "NAME", "of the object; default \"default\""},
};

std::string ChangesText(const api::GenerationInfo& info) {
  if (info.plan().changes_size() != 1) return Count(info.objects_changed(), "object");
  const api::ObjectChange& change = info.plan().changes(0);
  std::string_view sign = change.op() == api::ObjectChange::CREATE   ? "+ "
                          : change.op() == api::ObjectChange::DELETE ? "- "
                                                                     : "~ ";
  return StrCat(sign, ObjectText(change.object()));
}

// "spiffe://penstock/operator/ada" -> "ada"
std::string AuthorText(const std::string& author) { return Printable(author.substr(author.rfind('/') + 1)); }

absl::StatusOr<Exit> RunHistory(Invocation& call) {
  api::HistoryRequest request;
  ASSIGN_OR_RETURN(uint64_t limit, call.line.Number("limit", 20));
  request.set_limit(static_cast<uint32_t>(std::min<uint64_t>(limit, 100'000)));
  if (!call.line.Positionals().empty()) {
    ASSIGN_OR_RETURN(std::vector<api::ObjectRef> refs,
                     ParseObjectNames(call.line.Positionals(), call.line.Get("namespace", "default")));
    if (refs.size() > 1) return absl::InvalidArgumentError("the history of one object at a time");
    *request.mutable_object() = refs[0];
  }
  ASSIGN_OR_RETURN(std::unique_ptr<Client> client, OpenClient(call));
  ASSIGN_OR_RETURN(api::HistoryResponse history, client->History(request));
  if (request.has_object() && history.generations().empty()) {
    return absl::NotFoundError(
        StrCat("no generation changed ", ObjectText(request.object()), "; `penstock get all` lists what exists"));
  }
  if (call.console.format() != Format::kTable) {
    PrintDocument(call.console, Document("History", ToJson(history)));
    return Exit::kOk;
  }
  Table table({"GENERATION", "WHEN", "AUTHOR", "CHANGED", "RESULT", "MESSAGE"});
  for (const api::GenerationInfo& info : history.generations()) {
    table.Add({StrCat(info.number()), Ago(info.time(), absl::Now()), AuthorText(info.author()), ChangesText(info),
               Printable(info.result()), Printable(info.message())});
  }
  call.console.Out(table.empty() ? "no generation yet; `penstock apply` makes one\n" : table.Text());
  return Exit::kOk;
}

}  // namespace

const Verb kHistory = {
    .name = "history",
    .group = "Change",
    .summary = "Lists generations, newest first: who, when, what, and what came of it",
    .arguments = "[KIND NAME]",
    .flags = kFlags,
    .shared_flags = {},
    .details =
        "With an object, only the generations that changed it. RESULT: of the newest, how many replicas serve it "
        "now; of an older one, how many did when the next one took its place, or just \"superseded\" if none did, "
        "or nobody knows.",
    .example = "penstock history httproute products",
    .run = RunHistory,
};

}  // namespace penstock::cli
