#include "controlplane/manifests/codes.h"

#include "controlplane/manifests/text.h"

namespace penstock::manifests {
namespace {

constexpr MessageCode kCodes[] = {
    {"E001", "A file cannot be read as YAML",
     "The text is not valid YAML 1.2 (or JSON, which is a part of it). Nothing of this document was read; the other "
     "documents "
     "of the file were.",
     "Look at the line shown: the usual reasons are a tab in the indentation, a missing space after a colon, and a "
     "value with "
     "? : # * & { or [ that must be quoted."},
    {"E101", "A referenced object does not exist",
     "A field names an object that is neither stored nor among the objects applied with it. Requests that need it "
     "could "
     "only be answered with 500.",
     "Correct the name (the nearest one is suggested), apply the missing object too, or pass --allow-unresolved to "
     "accept "
     "500 for this share of the requests until it exists."},
    {"E102", "A referenced port does not exist",
     "The Service or Backend exists, but it has no such port, or it has several and the reference names none. Only TCP "
     "ports of Services count.",
     "Name one of the ports listed in the message."},
    {"E103", "A reference into another namespace is not permitted",
     "References cross namespaces only where a ReferenceGrant in the namespace of the target lets them. The message is "
     "the "
     "same whether the target exists or not.",
     "Add a ReferenceGrant to the target's namespace that names the kind and namespace of the referring object and the "
     "kind of the target."},
    {"E104", "This kind cannot be referred to here",
     "The field can only name objects of certain kinds: parentRefs a Gateway, backendRefs a Service or Backend, "
     "policies "
     "what their documentation lists. There are no extensions to name in extensionRef yet.",
     "Name an object of one of the kinds in the message."},
    {"E105", "A referenced part of an object does not exist",
     "sectionName names a listener of a Gateway or a rule of an HTTPRoute by its field `name`; there is none of that "
     "name, "
     "or the target has no parts that a policy could apply to.",
     "Correct sectionName, give the rule a name, or remove sectionName to mean the whole object."},
    {"E110", "Not supported in this release",
     "The value belongs to the Gateway API, but this release cannot do what it says. It is refused because ignoring it "
     "would serve something else than what is written.",
     "Do what the message suggests; docs/gateway-api-support.md lists what is supported."},
    {"E111", "Two listeners of a Gateway cannot be told apart",
     "Listeners of one port must differ in their hostname. The Gateway API forbids to prefer one of them, so neither "
     "would "
     "be served.",
     "Give one of them another port or hostname."},
    {"E112", "Two Gateways want the same place",
     "Another Gateway of the same class, which is older, has a listener with this address, port and hostname. It keeps "
     "it.",
     "Use another port, hostname or spec.addresses, or another GatewayClass for data planes of their own."},
    {"E120", "Fields that do not go together",
     "The Gateway API forbids the combination: a redirect with backendRefs or with a URL rewrite, the same filter "
     "twice, a "
     "header named twice in one filter, ReplacePrefixMatch without a prefix.",
     "Keep one of the two."},
    {"E121", "A value that makes no sense here",
     "The value is well-formed, but not what the field needs beside the other fields of the object.",
     "Change it as the message suggests."},
    {"E130", "A policy field without effect on its target",
     "The field concerns another kind of object than the one that targetRefs names, so it would do nothing: request "
     "timeouts and retries belong to Gateways and HTTPRoutes, connection settings to Backends and Services, override "
     "to "
     "Gateways.",
     "Move the field into a policy on the right object."},
    {"N001", "More findings than are shown", "At most 50 findings are shown at once, errors before warnings.",
     "Fix those shown and run again."},
    {"W201", "A route is not attached",
     "A parentRef leads to no listener, so the route gets no request from there. The message says which condition "
     "failed: "
     "the Gateway does not exist, it has no such listener, allowedRoutes keeps the route out, or no hostname agrees.",
     "Correct the parentRef, or let the route in at the Gateway's listener."},
    {"W202", "A match that gets no request",
     "Another rule has the same match on the same listener and host and goes first: by the annotation "
     "penstock.dev/priority, then by age, then by name, then by order in the route.",
     "Make one of the two more specific, remove one, or set the annotation penstock.dev/priority."},
    {"W203", "A backend without endpoints", "Requests that are sent to it are answered with 503.",
     "Add endpoints, or give one of them a weight above 0. For a Service apply an EndpointSlice with a ready "
     "endpoint."},
    {"W204", "All weights are 0", "No backend of the rule takes requests, so they are answered with 500.",
     "Give one of the backends a weight."},
    {"W205", "A name that a Service and a Backend have",
     "A backendRef without a kind means the Service if there is one, else the Backend. Here are both.",
     "Write kind: Service, or group: penstock.dev and kind: Backend."},
    {"W206", "A rule that sends requests nowhere",
     "It has neither backendRefs nor a redirect, so its requests are answered with 500.", "Add backendRefs."},
    {"W207", "A header matched twice in one match",
     "Header names are compared without regard to case; of several entries for one header the first counts, as the "
     "Gateway "
     "API says.",
     "Remove the other ones."},
};

}  // namespace

std::span<const MessageCode> AllCodes() { return kCodes; }

const MessageCode* FindCode(std::string_view code) {
  for (const MessageCode& row : kCodes) {
    if (EqualsIgnoreCase(row.code, code)) return &row;
  }
  return nullptr;
}

std::string CodesAsMarkdown() {
  std::string page =
      "# Message codes\n\n"
      "Every finding of `penstock apply`, `lint` and `diff` carries a code; `penstock explain CODE` prints the same "
      "text.\n"
      "E0xx: manifests and their schema. E1xx: references between objects. E2xx: compilation. W2xx: warnings. N0xx: "
      "notes.\n";
  for (const MessageCode& row : kCodes) {
    Append(page, "\n## ", row.code, ": ", row.title, "\n\n", row.explanation, "\n\n**What to do:** ", row.what_to_do,
           "\n");
  }
  return page;
}

}  // namespace penstock::manifests
