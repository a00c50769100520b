#include "controlplane/translator/condition_check.h"

#include <algorithm>
#include <iterator>
#include <string_view>

#include "controlplane/manifests/text.h"
#include "controlplane/translator/access_wire.h"

namespace penstock::translator {
namespace {

using manifests::Cat;
using Texts = google::protobuf::RepeatedPtrField<std::string>;

void CheckTime(const std::string& text, const std::string& path, FindingSink& findings) {
  if (text.empty() || ParseMinute(text).has_value()) return;
  findings.Error(path, "E121", Cat("\"", text, "\" is no time of the day"), "write HH:MM, in UTC");
}

// A rule about somebody who is not there is for nobody, which opens what it was to deny.
void CheckNames(const Texts& names, const char* kind, const std::string& path, const std::string& ns, Reader& reader,
                FindingSink& findings) {
  for (int i = 0; i < names.size(); ++i) {
    ObjectKey key{std::string(kPenstockGroup), kind, ns, names[i]};
    if (reader.Object(key) != nullptr) continue;
    findings.Unresolved(Cat(path, "[", i, "]"), "E101", Cat(kind, " \"", names[i], "\" does not exist"),
                        reader.StepForMissing(names[i], ns, {kind}));
  }
}

// RFC 9110 9.1: methods are case-sensitive, so that "get" is another one than GET, and nobody uses it.
void CheckMethods(const Texts& methods, const std::string& path, FindingSink& findings) {
  constexpr std::string_view kMethods[] = {"GET",    "HEAD",    "POST",  "PUT",    "PATCH",
                                           "DELETE", "OPTIONS", "TRACE", "CONNECT"};
  for (int i = 0; i < methods.size(); ++i) {
    const auto* known = std::find_if(std::begin(kMethods), std::end(kMethods), [&](std::string_view method) {
      return method != methods[i] && manifests::EqualsIgnoreCase(method, methods[i]);
    });
    if (known == std::end(kMethods)) continue;
    findings.Warning(Cat(path, "[", i, "]"), "W221",
                     Cat("methods are case-sensitive, so that this rule does not allow ", *known),
                     Cat("write ", *known));
  }
}

// The index behind the character class ([^/ ]) that begins at I.
size_t BehindClass(std::string_view expression, size_t i) {
  size_t first = expression.substr(i + 1).starts_with('^') ? i + 2 : i + 1;
  for (size_t at = first; at < expression.size(); ++at) {
    size_t named = expression.substr(at).starts_with("[:") ? expression.find(":]", at + 2) : std::string_view::npos;
    if (named != std::string_view::npos) {
      at = named + 1;
    } else if (expression[at] == '\\') {
      ++at;
    } else if (expression[at] == ']' && at != first) {
      return at + 1;
    }
  }
  return expression.size();
}

// As requests have it: blanks and what is not ASCII percent-encoded. The classes of an expression stay, which say what
// may be there rather than what is.
std::string PercentEncoded(std::string_view text, bool expression) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string encoded;
  for (size_t i = 0; i < text.size();) {
    size_t end = i + 1;
    if (expression && text[i] == '[') end = BehindClass(text, i);
    if (expression && text[i] == '\\') end = std::min(i + 2, text.size());
    for (bool as_it_is = end > i + 1; i < end; ++i) {
      auto byte = static_cast<uint8_t>(text[i]);
      bool good = byte > ' ' && byte < 0x7f;
      if (as_it_is || good) {
        encoded += text[i];
      } else {
        manifests::Append(encoded, '%', kDigits[byte >> 4], kDigits[byte & 15]);
      }
    }
  }
  return encoded;
}

// A path that no request has would be a rule that guards nothing.
void CheckPath(const api::PathCondition& condition, const std::string& path, FindingSink& findings) {
  bool expression = condition.type() == "RegularExpression";
  std::string encoded = PercentEncoded(condition.value(), expression);
  if (!expression && !condition.value().starts_with('/')) {
    findings.Error(path, "E121", "a path begins with \"/\"");
  } else if (encoded != condition.value()) {
    findings.Error(path, "E121", "blanks and what is not ASCII are percent-encoded in the path of a request",
                   Cat("write ", encoded));
  }
}

}  // namespace

void CheckCondition(const api::RequestCondition& when, RuleUse use, const std::string& path, const std::string& ns,
                    Reader& reader, FindingSink& findings) {
  if (when.has_authenticated() && !when.authenticated()) {
    findings.Error(path + ".authenticated", "E121",
                   "false does not ask for anything, so that the rule is for everybody",
                   "remove it; a limit for those alone who prove nothing: behind a rule with authenticated: true");
  }
  CheckNames(when.consumers(), "Consumer", path + ".consumers", ns, reader, findings);
  CheckNames(when.plans(), "Plan", path + ".plans", ns, reader, findings);
  if (use == RuleUse::kAllows) CheckMethods(when.methods(), path + ".methods", findings);
  for (int i = 0; i < when.times_size(); ++i) {
    CheckTime(when.times(i).from(), Cat(path, ".times[", i, "].from"), findings);
    CheckTime(when.times(i).to(), Cat(path, ".times[", i, "].to"), findings);
  }
  for (int i = 0; i < when.paths_size(); ++i) {
    CheckPath(when.paths(i), Cat(path, ".paths[", i, "].value"), findings);
  }
}

}  // namespace penstock::translator
