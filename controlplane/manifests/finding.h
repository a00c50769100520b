// What we tell people about their manifests: findings with a place, a code and a next step. The type is the one of the
// management API, so that the same value goes to a terminal, to JSON and over the wire.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "api/management/v1/management.pb.h"
#include "controlplane/manifests/object.h"

namespace penstock::manifests {

using Finding = management::v1::Finding;

// How many findings people get to see at once.
inline constexpr size_t kMaxFindings = 50;

// A finding about the field `path` of `object`, placed at that field in its file, or at the nearest field above it that
// was written. `code` is a row of codes.h. No text may carry a secret's value.
Finding ErrorAt(const Object& object, std::string_view path, std::string_view code, std::string message,
                std::string suggestion = "");
Finding WarningAt(const Object& object, std::string_view path, std::string_view code, std::string message,
                  std::string suggestion = "");
Finding NoteAt(const Object& object, std::string_view path, std::string_view code, std::string message,
               std::string suggestion = "");

bool HasErrors(const std::vector<Finding>& findings);

// Brings findings into the form that people get: sorted by file, line and column; of several errors about one field of
// one object only the one with the lowest code (a value that cannot be read is not also reported as a missing
// reference); at most `limit`, errors before warnings, then one note "and N more". May be applied again after merging
// lists.
//
// The note is Finding{NOTE, "N001", "and N more"}.
Finding AndMore(size_t count);
void SortAndCap(std::vector<Finding>& findings, size_t limit = kMaxFindings);

}  // namespace penstock::manifests
