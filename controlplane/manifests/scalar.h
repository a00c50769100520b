// What an unquoted YAML scalar means: YAML 1.2 core schema, so `no`, `on` and 2026-01-01 are text.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "controlplane/manifests/yaml_tree.h"

namespace penstock::manifests {

// Stands in exports where a secret value is left out; no secret value itself.
inline constexpr std::string_view kSecretMask = "REDACTED";

enum class ScalarType { kText, kNull, kBool, kInteger, kFloat };

ScalarType TypeOf(std::string_view plain);
// Quoted scalars are text.
ScalarType TypeOf(const Node& scalar);

enum class IntegerProblem { kNone, kNotANumber, kLeadingZero, kTooLarge };
// Decimal, 0x and 0o. A leading zero is refused: some readers take 010 as eight.
IntegerProblem ReadInteger(std::string_view plain, int64_t& number);
IntegerProblem ReadUnsigned(std::string_view plain, uint64_t& number);

// What users wrote, for a message: in double quotes, at most 80 characters, control characters as escapes.
std::string Quoted(std::string_view text);

}  // namespace penstock::manifests
