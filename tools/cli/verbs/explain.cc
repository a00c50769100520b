#include <cctype>

#include "controlplane/manifests/codes.h"
#include "controlplane/manifests/nearest.h"
#include "controlplane/manifests/schema.h"
#include "dataplane/base/status.h"
#include "dataplane/exchange/reason.h"
#include "tools/cli/render/json.h"
#include "tools/cli/render/table.h"
#include "tools/cli/text.h"
#include "tools/cli/verbs/explain_request.h"
#include "tools/cli/verbs/verbs.h"

namespace penstock::cli {
namespace {

constexpr Flag kFlags[] = {
    {"header", 'H', "'NAME: VALUE'", "of the request; may be repeated"},
    {"seed", 0, "N", "decide random picks as the request with this seed (access log) did"},
    {"client", 0, "ADDRESS", "ask for a client of this address (default 192.0.2.1)"},
    {"client-certificate", 0, "NAME", "ask for a client whose good certificate has this name (docs/authentication.md)"},
    {"from", 0, "replica/ID", "ask that replica what it would do now, with the keys and counters that it has"},
    {"file", 'f', "FILE|DIR|-", "ask these manifests, without a control plane; may be repeated"},
    {"namespace", 'n', "NAME", "of objects in them that name none; default \"default\""},
};

absl::StatusOr<Exit> ExplainCode(Invocation& call, const manifests::MessageCode& code) {
  if (call.console.format() != Format::kTable) {
    Json body = {{"code", std::string(code.code)},
                 {"title", std::string(code.title)},
                 {"explanation", std::string(code.explanation)},
                 {"whatToDo", std::string(code.what_to_do)}};
    PrintDocument(call.console, Document("MessageCode", body));
    return Exit::kOk;
  }
  call.console.Out(
      StrCat(code.code, "  ", code.title, "\n\n", code.explanation, "\n\nWhat to do: ", code.what_to_do, "\n"));
  return Exit::kOk;
}

// nullptr if the access log knows no such reason.
const ReasonRow* FindReason(std::string_view name) {
  for (int i = 1; i < static_cast<int>(Reason::kCount); ++i) {
    const ReasonRow& row = RowOf(static_cast<Reason>(i));
    if (row.name == name) return &row;
  }
  return nullptr;
}

absl::StatusOr<Exit> ExplainReason(Invocation& call, const ReasonRow& reason) {
  if (call.console.format() != Format::kTable) {
    Json body = {{"reason", std::string(reason.name)}, {"explanation", std::string(reason.help)}};
    if (reason.status != 0) body["status"] = reason.status;
    PrintDocument(call.console, Document("Reason", body));
    return Exit::kOk;
  }
  std::string status = reason.status == 0 ? "" : StrCat("answered with ", reason.status);
  call.console.Out(StrCat(reason.name, "  ", status, status.empty() ? "" : "\n\n", reason.help, "\n"));
  return Exit::kOk;
}

// The reason that is nearly WHAT, if WHAT is nothing nearer: no kind, and no kind's name with a slip.
std::string_view ReasonNear(std::string_view what) {
  const manifests::KindTable& kinds = manifests::BuiltInKinds();
  std::string_view first = what.substr(0, what.find('.'));
  if (kinds.FindByAnyName(first) != nullptr || !kinds.Nearest(first).empty()) return "";
  std::vector<std::string_view> names;
  for (int i = 1; i < static_cast<int>(Reason::kCount); ++i) names.push_back(RowOf(static_cast<Reason>(i)).name);
  return manifests::Nearest(what, names);
}

absl::Status NoSuchReason(std::string_view what, std::string_view near) {
  return absl::NotFoundError(
      StrCat("\"", what, "\" is neither a kind nor a reason of the access log; ", manifests::DidYouMean(near)));
}

bool LooksLikeCode(std::string_view what) {
  bool letter = !what.empty() && std::isalpha(static_cast<unsigned char>(what.front())) != 0;
  return letter && what.size() > 1 && what.substr(1).find_first_not_of("0123456789") == std::string_view::npos;
}

absl::Status NoSuchCode(std::string_view what) {
  std::vector<std::string_view> near = manifests::CodesNear(what);
  return absl::NotFoundError(StrCat(
      "\"", what, "\" is not the code of a message", near.empty() ? "" : StrCat("; near it are ", Join(near, ", ")),
      "\n  a code stands in [ ] behind a message of apply, lint and diff: E and W and N with three digits; "
      "docs/messages.md lists them all"));
}

Json FieldJson(const manifests::FieldDoc& field) {
  Json json = {{"name", field.name}, {"type", field.type}, {"description", field.docs}, {"rules", field.rules}};
  if (!field.unsupported.empty()) json["unsupported"] = field.unsupported;
  if (!field.example.empty()) json["example"] = field.example;
  Json fields = Json::array();
  for (const manifests::FieldDoc& inner : field.fields) fields.push_back(FieldJson(inner));
  if (!fields.empty()) json["fields"] = std::move(fields);
  return json;
}

absl::StatusOr<Exit> ExplainSchema(Invocation& call, std::string_view dotted) {
  const manifests::KindTable& kinds = manifests::BuiltInKinds();
  ASSIGN_OR_RETURN(std::string text, manifests::ExplainField(kinds, dotted));
  if (call.console.format() == Format::kTable) {
    call.console.Out(text);
    return Exit::kOk;
  }
  const manifests::Kind* kind = kinds.FindByAnyName(dotted.substr(0, dotted.find('.')));
  Json body = kind == nullptr || StrContains(dotted, ".") ? Json{{"text", text}}
                                                          : Json{{"schema", FieldJson(manifests::DescribeKind(*kind))}};
  PrintDocument(call.console, Document("Schema", body));
  return Exit::kOk;
}

absl::StatusOr<Exit> ListKinds(Invocation& call) {
  Table table({"KIND", "NAMES", "API VERSION"});
  Json kinds = Json::array();
  for (const manifests::Kind& kind : manifests::BuiltInKinds().all()) {
    std::string names = kind.plural;
    for (const std::string& name : kind.short_names) StrAppend(&names, ", ", name);
    table.Add({kind.name, names, kind.ApiVersion()});
    kinds.push_back({{"kind", kind.name},
                     {"plural", kind.plural},
                     {"shortNames", kind.short_names},
                     {"apiVersion", kind.ApiVersion()}});
  }
  if (call.console.format() == Format::kTable) {
    call.console.Out(table.Text());
  } else {
    PrintDocument(call.console, Document("KindList", {{"kinds", kinds}}));
  }
  return Exit::kOk;
}

absl::StatusOr<Exit> RunExplain(Invocation& call) {
  std::string_view what = call.line.Positional(0);
  if (what.empty()) return ListKinds(call);
  if (what == "request") return ExplainRequest(call);
  RETURN_IF_ERROR(call.line.ExpectPositionals(1, 1));
  if (const manifests::MessageCode* code = manifests::FindCode(what)) return ExplainCode(call, *code);
  if (const ReasonRow* reason = FindReason(what)) return ExplainReason(call, *reason);
  if (LooksLikeCode(what)) return NoSuchCode(what);
  if (std::string_view near = ReasonNear(what); !near.empty()) return NoSuchReason(what, near);
  return ExplainSchema(call, what);
}

}  // namespace

const Verb kExplain = {
    .name = "explain",
    .group = "Look",
    .summary =
        "Explains what would happen to a request, a kind or field of the manifests, a message's code, or a "
        "reason of the access log",
    .arguments = "request [METHOD] URL | KIND[.FIELD...] | CODE | REASON",
    .flags = kFlags,
    .shared_flags = {},
    .details =
        "request: which listener, route and rule would answer and why, what runs on the way, and which backend is "
        "picked; nothing is sent. https:// makes a handshake first, with the URL's host as server name; -H 'Host: "
        "NAME' asks for another host over it.\n"
        "tls://NAME:PORT, tcp://HOST:PORT and udp://HOST:PORT ask about a connection. Exit 9 if nothing would "
        "answer.\n"
        "By what is stored; with --from by what one replica serves now; with -f by manifests, as lint reads them. "
        "Each policy shows the file and line that it was written at.\n"
        "Without arguments: the kinds.",
    .example =
        "penstock explain request GET http://shop.example/products?page=2 -H 'x-env: prod'\n"
        "penstock explain request https://shop.example:8443/ -H 'Host: other.example'\n"
        "penstock explain request tls://orders.db.example:9443\n"
        "penstock explain request http://shop.example/products --from=replica/edge-1\n"
        "penstock explain request http://shop.example/products -f shop/\n"
        "penstock explain httproute.spec.rules.matches\npenstock explain E101\npenstock explain no_route",
    .run = RunExplain,
};

}  // namespace penstock::cli
