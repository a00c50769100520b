#pragma once

#include "tools/cli/verb.h"

// One per file of this folder; the table in verb_table.cc puts them in order.
namespace penstock::cli {

extern const Verb kUp;
extern const Verb kProxy;
extern const Verb kApply;
extern const Verb kDiff;
extern const Verb kLint;
extern const Verb kCompile;
extern const Verb kGet;
extern const Verb kDescribe;
extern const Verb kDelete;
extern const Verb kExport;
extern const Verb kExplain;
extern const Verb kStatus;
extern const Verb kWait;
extern const Verb kHistory;
extern const Verb kConsumer;
extern const Verb kKey;
extern const Verb kRevoke;
extern const Verb kRollback;
extern const Verb kCert;
extern const Verb kCompletion;
extern const Verb kVersion;
extern const Verb kHelp;
extern const Verb kDemoUpstream;
extern const Verb kComplete;

}  // namespace penstock::cli
