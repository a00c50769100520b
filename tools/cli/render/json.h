#pragma once

#include <string>

#include "google/protobuf/message.h"
#include "nlohmann/json.hpp"
#include "tools/cli/console.h"

namespace penstock::cli {

// Keeps the order in which fields are written.
using Json = nlohmann::ordered_json;

// A message as people expect JSON: camelCase names, every field present, 64-bit numbers as numbers, enums in lower case
// without their prefix, Timestamp as RFC 3339, Duration as seconds "1.5s". An unset submessage is left out.
Json ToJson(const google::protobuf::Message& message);

// {"apiVersion": "cli.penstock.dev/v1", "kind": KIND, ...body}
Json Document(std::string_view kind, const Json& body);

// Text that came from elsewhere (the server's JSON): null and false if it is not JSON.
bool ParseJson(std::string_view text, Json& json);

// Block style YAML; strings that YAML would read as something else are quoted.
std::string ToYaml(const Json& json);

// The members of an object, which are strings, a line each: "name  value".
std::string MembersText(const Json& object);

// As text in FORMAT, which is not kTable.
std::string DocumentText(Format format, const Json& document);
// Prints that in the console's format.
void PrintDocument(Console& console, const Json& document);

}  // namespace penstock::cli
