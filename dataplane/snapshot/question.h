// A request to explain on its way between our planes: proto/penstock/xds/v1/question.proto.
#pragma once

#include "dataplane/base/status.h"
#include "dataplane/snapshot/explain.h"
#include "proto/penstock/xds/v1/question.pb.h"

namespace penstock::snapshot {

xds::v1::Question ToQuestion(const ExplainRequest& request);

// `now` is left open: whoever answers has a clock of its own. InvalidArgument: no such question is asked by this build.
StatusOr<ExplainRequest> FromQuestion(const xds::v1::Question& question);

}  // namespace penstock::snapshot
