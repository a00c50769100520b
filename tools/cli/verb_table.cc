#include <algorithm>
#include <iterator>

#include "tools/cli/verb.h"
#include "tools/cli/verbs/verbs.h"

namespace penstock::cli {
namespace {

constexpr const Verb* kVerbs[] = {
    &kUp,           &kProxy,                                                  // start
    &kApply,        &kDiff,       &kDelete,   &kRollback, &kHistory, &kWait,  // change
    &kConsumer,     &kKey,        &kRevoke,                                   //
    &kStatus,       &kGet,        &kDescribe, &kExport,   &kExplain,          // look
    &kLint,         &kCompile,    &kCert,                                     // offline
    &kHelp,         &kCompletion, &kVersion,                                  // about
    &kDemoUpstream, &kComplete,                                               // hidden
};

constexpr Flag kGlobalFlags[] = {
    {"output", 'o', "FORMAT", "table (default), json or yaml"},
    {"context", 0, "NAME", "the context of the config file to use [PENSTOCK_CONTEXT]"},
    {"server", 0, "HOST:PORT", "the control plane [PENSTOCK_SERVER]"},
    {"cert", 0, "FILE", "our certificate, PEM [PENSTOCK_CERT]"},
    {"key", 0, "FILE", "its private key, PEM [PENSTOCK_KEY]"},
    {"ca", 0, "FILE", "the CA that signed the control plane's certificate, PEM [PENSTOCK_CA]"},
    {"no-color", 0, "", "no colours [NO_COLOR]"},
    {"quiet", 'q', "", "no progress and no notes; errors, warnings and data stay"},
    {"help", 'h', "", "what the verb does, with an example"},
};

}  // namespace

std::span<const Verb* const> Verbs() { return kVerbs; }

std::span<const Flag> GlobalFlags() { return kGlobalFlags; }

const Verb* FindVerb(std::string_view name) {
  auto it = std::ranges::find_if(kVerbs, [name](const Verb* verb) { return verb->name == name; });
  return it == std::end(kVerbs) ? nullptr : *it;
}

}  // namespace penstock::cli
