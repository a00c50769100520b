// The rows of codes.h, sorted by code. A code keeps its meaning for ever; one that is no longer used stays.
#pragma once

#include "controlplane/manifests/codes.h"

namespace penstock::manifests {

inline constexpr MessageCode kCodeTable[] = {
    // Manifests and their schema.
    {"E001", "A document cannot be read as YAML",
     "The text is not YAML 1.2 (or JSON, which is a part of it). Nothing of this document was read; the other "
     "documents of the file were.",
     "Look at the line shown. The usual reasons: a tab in the indentation, a missing space after a colon, a value with "
     "? : # * & { or [ that must be quoted."},
    {"E002", "Too much input", "A file may have 4 MiB and 20,000 documents, all files of one apply 64 MiB.",
     "Split the file, or apply in several steps."},
    {"E003", "A file is not text",
     "Files are UTF-8. Control characters (U+0000 to U+001F, U+007F to U+009F) other than tab and line breaks are "
     "refused.",
     "Save the file as UTF-8. Write control characters as escapes (\"\\u0007\") in double quotes."},
    {"E004", "Too deep, or too many aliases",
     "Maps and lists may nest 64 levels, a document may have 1,000,000 values, and aliases (*name) may repeat 10,000 "
     "values in a document; an alias must not "
     "stand inside the value that it repeats.",
     "Write repeated values out, and split documents that grow this large."},
    {"E005", "A key occurs twice", "Of two equal keys in one map most programs silently drop one; which one differs.",
     "Keep one of the two."},
    {"E006", "A part of YAML that is not read",
     "Tags (!name), merge keys (<<) and maps or lists as keys mean different things to different programs.",
     "Write the value out; quote a value that begins with an exclamation mark."},
    {"E007", "A document is not an object", "Each document is a map with apiVersion, kind, metadata and mostly spec.",
     "Look for a missing space after a colon and for a stray line ---."},
    {"E008", "Unknown kind", "There is no such kind in this version of Penstock.",
     "Correct the name; `penstock explain` lists the kinds."},
    {"E009", "Wrong apiVersion", "The kind exists, but in another API group or version.",
     "Write the apiVersion that the message names."},
    {"E010", "Unknown field",
     "The kind has no such field. Unknown fields are never ignored: a misspelt limit that nobody applies is worse than "
     "an error.",
     "Correct the name, or remove the field. `penstock explain KIND.field` lists the fields."},
    {"E011", "A required field is missing or empty", "Without this field the object means nothing.",
     "Add it; the message shows an example where there is one."},
    {"E012", "A field of the standard that Penstock does not support",
     "The Gateway API has this field, and Penstock would not do what it asks for. It is refused, never ignored.",
     "Use what the message names instead, or remove the field."},
    {"E013", "A value of the wrong type",
     "For example a number where text is expected: unquoted 1, 1.10 and true are not text.",
     "Quote text that looks like a number; remove quotes around numbers; write lists with \"- \" or [ ]."},
    {"E014", "Unknown value", "The field takes one of a few values, in exactly this spelling.",
     "Use one of those that the message lists."},
    {"E015", "A value in the wrong form",
     "The text does not have the form of this field, as a duration, an address or a host name.",
     "Write it as the message describes."},
    {"E016", "A number out of range", "The number is smaller or larger than the field allows.",
     "Stay within the range in the message."},
    {"E017", "Text too long", "Each text has a largest length in bytes.", "Shorten it."},
    {"E018", "Too many or too few items", "Each list and map has a largest and sometimes a smallest number of items.",
     "Stay within the number in the message; split the object if need be."},
    {"E019", "Fields that exclude each other",
     "Of these fields exactly one may be given, or the one that the field `type` names.",
     "Keep the field that you mean, and correct `type`."},
    {"E020", "List items that must differ are the same",
     "The items of this list are told apart by one field (mostly its name), and two have it spelled the same.",
     "Give each its own, or merge the two."},
    {"E021", "An object is written twice", "Two documents have the same kind, namespace and name.",
     "Remove one, or rename it."},
    {"E022", "A namespace where there is none", "Objects of this kind belong to no namespace.",
     "Remove metadata.namespace."},
    {"E023", "Not base64", "The field `data` of a Secret holds base64.",
     "Encode the value with `base64 -w0`, or write it as it is under stringData."},
    {"E024", "The mask of an exported Secret",
     "`penstock export` and `penstock get` leave the values of Secrets out and write REDACTED in their place. Applied "
     "as "
     "it is, that word would replace the stored value.",
     "Put the real value there, or take the Secret out of the file: what is stored stays as it is."},
    {"E025", "A file of dataFromFiles that cannot be taken",
     "A Secret or ConfigMap names a file for a value, and whoever applies or lints the manifest cannot read it, or the "
     "value is given in another field as well, or the file has more than 1 MiB. Paths begin at the folder of the "
     "manifest (of "
     "standard input: at the current one).",
     "Correct the path, or make the file readable."},

    // References between objects, and what only shows when objects are seen together.
    {"E101", "A referenced object does not exist",
     "A field names an object that is neither stored nor among the objects applied with it, or is being deleted. "
     "Requests "
     "that a route would send to it could only be answered with 500. Where a policy needs it (a Secret with keys or "
     "users, the service of `external`) nobody can be let in: mostly 503. A rule for a Consumer or Plan that does not "
     "exist "
     "is for nobody. What is missing for TLS (a certificate, an authority) keeps listeners from being served, or "
     "requests "
     "from being sent to a backend: the message says so.",
     "Correct the name (the nearest one is suggested), or apply the missing object too. To delete an object, take its "
     "name out of the field first. --allow-unresolved makes this a warning and accepts what is said above until the "
     "object exists; not for AddressLists, without which somebody who is to be kept out would come in."},
    {"E102", "A referenced port does not exist",
     "The Service or Backend exists, but it has no such port, or it has several and the reference names none. Only TCP "
     "ports of Services count.",
     "Name one of the ports listed in the message."},
    {"E103", "A reference into another namespace is not permitted",
     "References cross namespaces only where a ReferenceGrant in the namespace of the target lets them. The message is "
     "the same whether the target exists or not.",
     "Add a ReferenceGrant to the target's namespace that names the kind and namespace of the referring object and the "
     "kind of the target."},
    {"E104", "This kind cannot be referred to here",
     "The field can only name objects of certain kinds: parentRefs a Gateway, backendRefs a Service or Backend, "
     "certificateRefs a Secret, caCertificateRefs a ConfigMap or Secret, policies what their documentation lists. A "
     "listener carries only the kinds of routes that go with its protocol. There are no extensions to name in "
     "extensionRef yet.",
     "Name an object of one of the kinds in the message."},
    {"E105", "A referenced part of an object does not exist",
     "sectionName names a listener of a Gateway or a rule of an HTTPRoute or GRPCRoute by its field `name`; there is "
     "none of that name, or the target has no parts that a policy could apply to.",
     "Correct sectionName, give the rule a name, or remove sectionName to mean the whole object."},
    {"E106", "A backend that a route cannot speak to",
     "The kind of the route needs a protocol that the backend does not speak: gRPC needs HTTP/2, the PROXY protocol "
     "belongs to connections that carry one client's bytes (TCPRoute, TLSRoute), datagrams have neither TLS nor Unix "
     "sockets.",
     "Use a route of another kind, or correct protocol, tls or proxyProtocol of the Backend, or appProtocol of the "
     "Service."},
    {"E110", "Not supported in this release",
     "The kinds of the Gateway API, or our own, have a word for it, but this release cannot do what it says. It is "
     "refused because ignoring it would serve something else than what is written.",
     "Do what the message suggests; docs/gateway-api-support.md lists what is supported."},
    {"E111", "Two listeners of one object cannot be told apart",
     "Listeners of one port must differ in their hostname. The Gateway API forbids to prefer one of them, so neither "
     "would be served.",
     "Give one of them another port or hostname."},
    {"E112", "A place that belongs to another Gateway or ListenerSet",
     "Another Gateway of the same class, which is older, or an object that goes first at the same Gateway (the Gateway "
     "itself, an older ListenerSet) has a listener with this address, port and hostname, or speaks another protocol "
     "on the port. It keeps it.",
     "Use another port, hostname or spec.addresses, or another GatewayClass for data planes of their own."},
    {"E113", "Two protocols on one port",
     "A connection must tell what it is before anything of it is read. HTTP listeners can share a port with each "
     "other, HTTPS and TLS listeners too; TCP needs a port for itself, and so does UDP.",
     "Give one of the listeners another port."},
    {"E120", "Fields that do not go together",
     "The Gateway API forbids the combination: a redirect with backendRefs or with a URL rewrite, the same filter "
     "twice, a header named twice in one filter, ReplacePrefixMatch without a prefix.",
     "Keep one of the two."},
    {"E121", "A value that makes no sense here",
     "The value is well-formed, but not what the field needs beside the other fields of the object.",
     "Change it as the message suggests."},
    {"E130", "A policy field without effect on its target",
     "The field concerns another kind of object than the one that targetRefs names, so it would do nothing: request "
     "timeouts and retries belong to Gateways and HTTPRoutes, connection settings to Backends and Services, override "
     "to Gateways.",
     "Move the field into a policy on the right object."},

    {"E140", "A Secret or ConfigMap that holds no certificate",
     "Something refers to it for its certificate, and a key is missing or cannot be read as PEM: tls.crt and tls.key "
     "of a certificate that is shown, ca.crt of authorities. Or tls.key belongs to another certificate, has a "
     "password, or is of a kind that is too weak or too slow (RSA of less than 2048 or more than 8192 bits) or that "
     "is not served (other than RSA, ECDSA with P-256, P-384 and P-521, and Ed25519).",
     "Look at the files that it was made of: tls.crt begins with the certificate of tls.key, its issuers follow; "
     "-----BEGIN CERTIFICATE----- in tls.crt and ca.crt, -----BEGIN PRIVATE KEY----- in tls.key."},
    {"E141", "A port that speaks TLS, and nobody to trust",
     "appProtocol of the Service's port is https or kubernetes.io/wss. Whose certificates are good there only a "
     "BackendTLSPolicy can say; without one requests would be answered with 503.",
     "Apply a BackendTLSPolicy that targets the Service."},
    {"E142", "One credential of two Consumers",
     "A token's issuer and subject, the name of a client certificate, a user or a key stands for one Consumer, or "
     "nobody could say whose limits and rights a request has. Both Consumers are told.",
     "Take it away from one of the two."},

    // Compilation: what data planes check again before they serve anything.
    {"E201", "A resource that cannot be read",
     "The bytes are no message of their type, or the type is not known to this build.",
     "Run control plane and data planes of the same version."},
    {"E202", "A resource twice in one generation", "Names of resources are unique.",
     "Send the whole state again; if it stays, report it."},
    {"E203", "A resource that refers to a missing one",
     "A route names a listener or cluster, or endpoints a cluster, that the generation does not have.",
     "Send the whole state again; if it stays, report it."},
    {"E204", "A match that cannot be compiled",
     "A path, header or query match is malformed, mostly a regular expression outside RE2's syntax.",
     "Correct the expression: RE2 has no look-around and no back references."},
    {"E205", "A value out of range", "A duration, weight, status or rewrite that cannot be served.",
     "Follow the message."},
    {"E206", "An address that cannot be used", "An address, port or host name is malformed or named twice.",
     "Write IP addresses as literals, ports from 1 to 65535, and paths of Unix sockets from the root on."},
    {"E207", "Listeners that collide", "Two listeners would accept the same connections for the same host.",
     "Give one of them another address, port or hostname."},
    {"E208", "A feature that this build does not have",
     "A filter, policy or load balancing algorithm, or a field of one, is not known.",
     "Upgrade the data planes first, then use the feature."},
    {"E209", "An incomplete generation", "The resources that arrived are not those that the generation counts.",
     "Nothing: the data plane asks for everything again. If it stays, report it."},
    {"E210", "A limit exceeded", "Too many matches, filters or conditions, or a text that is too long.",
     "Split the rule or the route."},
    {"E211", "A generation from the past",
     "A control plane sent an older generation than the one that is served; a rollback would have a new number.",
     "Look for a control plane that was restored from an old backup."},
    {"E212", "Listeners of different protocols at one place",
     "A connection must tell what it is before anything of it is read. HTTPS and TLS listeners can share an address "
     "and port, HTTP listeners can share one with each other; TCP needs one for itself, and so does UDP.",
     "Give one of them another address or port."},
    {"E213", "A value that data planes refuse",
     "A policy or filter is known, but a value in it is none that it takes, or makes no sense beside the other "
     "policies of "
     "the place: a regular expression outside RE2's syntax, a path that no request has, a block of addresses with bits "
     "set behind its prefix, a field that nobody may write, a demand for a proof that no policy there looks for.",
     "Correct the field that the message names, as the message says."},

    // Preparation: what one data plane cannot do with a generation that is valid.
    {"E301", "An address that a data plane cannot listen at",
     "On this data plane the address is not there, the port belongs to another program (the message names it) or needs "
     "a privilege, two listeners turn out to be one address, or somebody listens at the path of a Unix socket, or its "
     "folder is not there. The generation is rejected and halted.",
     "Free the address on that machine, or choose another one for the listener."},
    {"E302", "A policy or protocol that a data plane does not have",
     "This build of the data plane lacks the policy or protocol, or what the policy needs is not there. A problem of a "
     "policy carries no name, because routes share the policies that are made: the message says which policy it is.",
     "Update this data plane, or take it away."},
    {"E303", "A certificate that a data plane cannot use",
     "A Secret that a listener or backend names holds no certificate or key that can be read, the key belongs to "
     "another certificate, is too weak (RSA below 2048 bits) or has a passphrase, or there is no file with the "
     "machine's CAs. Nothing of a key is ever in a message. The generation is rejected; what was served goes on.",
     "Put the pair that belongs together into tls.crt (the certificate first, then its issuers) and tls.key, both in "
     "PEM form, and those who may issue others into ca.crt."},

    // Notes and warnings: accepted, but probably not what was meant.
    {"N001", "More findings than are shown", "At most 50 findings are shown at once, errors before warnings.",
     "Fix those shown and run again."},
    {"N002", "A field that is not read",
     "Other tools write this field, for example kubectl get -o yaml; it has no meaning here.",
     "Nothing; remove it if it disturbs."},
    {"W201", "A route is not attached",
     "A parentRef leads to no listener, so the route gets no request from there. The message says which condition "
     "failed: the Gateway does not exist, it has no such listener, allowedRoutes keeps the route out, or no hostname "
     "agrees.",
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
     "Two names that differ only in case are one header; the first entry counts, as the Gateway API says. (The same "
     "spelling twice is an error, E020.)",
     "Remove the other ones."},
    {"W208", "A route of layer 4 that gets no connection",
     "A listener of TCP or UDP carries one route, one of TLS one for each server name: by the annotation "
     "penstock.dev/priority, then by age, then by name. Another route goes first here.",
     "Remove one of them, attach it to another listener, or set the annotation penstock.dev/priority."},
    {"W209", "Client certificates that are not asked for",
     "spec.tls.frontend of a Gateway is about its HTTPS listeners. There is none on the port, or the listener is TLS.",
     "Name the port of an HTTPS listener; let a TLS backend ask its clients itself with mode Passthrough."},
    {"W210", "An old apiVersion", "The version is still read, as the newest one.", "Write the version in the message."},
    {"W211", "A GRPCRoute on a listener without HTTP/2",
     "gRPC clients speak HTTP/2. HTTPS listeners agree on it; HTTP listeners take it only where that is said, since it "
     "cannot be agreed on in cleartext. gRPC-Web gets through.",
     "Name GRPCRoute in the listener's allowedRoutes.kinds, set http2.priorKnowledge in a ClientPolicy (to false if "
     "gRPC-Web "
     "is all that is meant), or use HTTPS."},
    {"W212", "A BackendTLSPolicy that does not count",
     "An older policy names the same target and section; among equally old ones the first by name goes first.",
     "Remove one of the two, or name one port with sectionName."},
    {"W213", "A certificate outside its time",
     "It expired, or it does not count yet. It is served all the same, and clients will refuse it; so will data planes "
     "what an authority signed whose certificate does not count.",
     "Apply a Secret or ConfigMap with a certificate that counts; connections are not interrupted by that."},
    {"W214", "No certificate for the host of a listener",
     "None of the certificates that a listener shows is for its hostname, so clients will refuse the connection.",
     "Name a Secret whose certificate has the hostname among its subject alternative names."},
    {"W215", "A ListenerSet that no Gateway takes",
     "The Gateway that spec.parentRef names does not exist, or its allowedListeners keeps the ListenerSet out. Its "
     "listeners are not served.",
     "Correct parentRef, or let ListenerSets of the namespace in with spec.allowedListeners.namespaces of the "
     "Gateway."},
    {"W216", "A limit that never counts",
     "A RateLimitPolicy asks its rules one after the other, and the first one whose `when` holds counts. A rule "
     "without "
     "`when` is for every request, so that no rule behind it is ever asked, unless it says also: true or shadow: true.",
     "Put the rule without `when` last, or write also: true into it."},
    {"W217", "A concurrency that Redis does not count",
     "How many requests are in progress at a time each data plane counts for itself, also where `redis` counts "
     "requests "
     "per time: a data plane that dies could not give back what it took there.",
     "Divide the bound by the number of data planes."},
    {"W218", "A bound that is larger than the listener's",
     "The listener refuses what is beyond its own bounds before any policy is asked, so that a larger bound of a "
     "RateLimitPolicy has no effect.",
     "Write a smaller bound, or raise that of the listener with a ClientPolicy (limits.headerBytes, "
     "limits.headerCount, "
     "limits.requestBodyBytes)."},
    {"W219", "Fields that an older policy decides",
     "Another policy of the same kind names the very same target (and section) and says the same fields. Among equally "
     "close policies the oldest decides, field by field; among equally old ones the first by name. The condition "
     "Conflicted of the younger one's status says so, too, and it is not accepted where it decides nothing.",
     "Merge the two policies, or remove the fields from one of them."},
    {"W220", "A demand beside anonymous",
     "In one policy `anonymous: true` lets everybody in without a proof, so that its `require` asks nobody for one. "
     "Beside "
     "another policy for the very same target (and section) that asks for a proof, it has no effect there, whichever "
     "of "
     "the two is older.",
     "Remove `anonymous` if somebody has to prove something, or else the demand: `require`, or in another policy also "
     "`jwt`, `basic`, `apiKey` and `clientCertificate`. What is to be read without being asked for belongs into the "
     "policy that says `anonymous`."},
    {"W221", "A method that no client uses",
     "Names of methods are case-sensitive: a rule that allows `get` does not allow GET. A rule that denies or limits "
     "takes one for the other.",
     "Write the method in upper case."},
    {"W222", "A revocation for an issuer whose tokens nobody takes",
     "No provider of a SecurityPolicy has this issuer, so that the Revocation takes nothing back.",
     "Correct `issuer`: it is compared byte for byte with the issuer of the provider, and with the claim iss. "
     "`penstock "
     "delete revocation NAME` takes away what was a mistake."},
    {"W223", "Rules about tokens where nobody reads tokens",
     "The policy has a rule by roles, scopes or claims, or counts by a claim, at a place where no SecurityPolicy in "
     "effect has `jwt`. Nobody has claims there: a rule that denies or limits is for nobody, one that allows lets "
     "nobody "
     "in, and what was to be counted by a claim is counted by address.",
     "Write `jwt` into a SecurityPolicy of that route or its Gateway, or attach the policy where tokens are read. "
     "`penstock "
     "get httproute NAME --effective` shows what is in effect."},
    {"W224", "Settings of limits where nothing is limited",
     "A RateLimitPolicy says `key`, `redis` or `headers` in a place where no RateLimitPolicy in effect has `rules`, so "
     "that nothing is limited there.",
     "Write `rules`, or remove the policy. `penstock get httproute NAME --effective` shows what is in effect."},
    {"W225", "A cost that no request can pay",
     "`cost` is above what the limit allows at once (`requests`, or the `burst` of a TokenBucket), so that every "
     "request "
     "of the rule is refused.",
     "Write a smaller cost or a larger limit; a SecurityPolicy with a rule that denies says that nobody may come."},
};

}  // namespace penstock::manifests
