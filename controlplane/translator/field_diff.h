// Differences between two messages, field by field, in the words of manifests.
#pragma once

#include <string>
#include <vector>

#include "google/protobuf/message.h"

namespace penstock::translator {

// Appends a line for each difference: `spec.timeouts.keepAlive: 60s -> 30s`, `spec.hostnames: + a.test, - b.test`,
// `spec.listeners[http].port: 80 -> 8080`, `spec.endpoints: + 10.0.0.3:81`. Items of lists are told apart by their name
// if they have one, else by their contents. Values of secret fields are never told. `path` is put in front of fields.
// REQUIRES: both of one type.
void AppendFieldDiff(const google::protobuf::Message& before, const google::protobuf::Message& after,
                     const std::string& path, std::vector<std::string>& lines);

// One line of text for a message: "{name: a, port: 80}".
std::string BriefText(const google::protobuf::Message& message);

}  // namespace penstock::translator
