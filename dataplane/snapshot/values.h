#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "dataplane/snapshot/problem_sink.h"
#include "dataplane/snapshot/settings.h"
#include "google/protobuf/duration.pb.h"

namespace penstock::snapshot {

// Reads of single values. Each reports what is wrong and then returns the fallback, so that one run finds every
// problem.

enum class Zero { kAllowed, kRefused };

// A duration of 0 to kMaxDuration.
nanoseconds ReadDuration(const google::protobuf::Duration& value, Zero zero, nanoseconds fallback, const Field& field,
                         ProblemSink& problems);

// The value, or FALLBACK for 0, which stands for "not set". At most MAXIMUM.
uint32_t ReadLimit(uint32_t value, uint32_t fallback, uint32_t maximum, const Field& field, ProblemSink& problems);

// 1 to 65535.
uint16_t ReadPort(uint32_t value, const Field& field, ProblemSink& problems);

// An IP literal in canonical form.
std::string ReadAddress(std::string_view text, const Field& field, ProblemSink& problems);

// A path that a Unix socket can have; of KIND kNamed only one in the file system: the abstract namespace asks nobody
// whether he may.
inline constexpr size_t kMaxUnixPath = 107;  // of sockaddr_un
enum class UnixPath { kNamed, kAny };
bool IsUnixPath(std::string_view path, UnixPath kind);

// A DNS name in lower case, with a wildcard as first label if WILDCARD allows it.
enum class Wildcard { kAllowed, kRefused };
void CheckHostname(std::string_view host, Wildcard wildcard, const Field& field, ProblemSink& problems);

}  // namespace penstock::snapshot
