#include "tools/cli/render/objects.h"

#include <gtest/gtest.h>

namespace penstock::cli {
namespace {

TEST(Objects, TellTheListenersOfOneGatewayApart) {
  management::v1::StoredObject object;
  object.mutable_ref()->set_kind("HTTPRoute");
  object.mutable_ref()->set_name("users");
  object.set_status_json(
      R"({"parents": [{"parentRef": {"name": "shop", "sectionName": "a"}, "conditions": [{"type": "Accepted", "status": "True"}]},)"
      R"({"parentRef": {"name": "shop", "sectionName": "b", "port": 80}, "conditions": [{"type": "Accepted", "status": "True"}]}]})");
  std::string text = DescribeText(object);
  EXPECT_NE(text.find("Gateway shop listener a "), std::string::npos) << text;
  EXPECT_NE(text.find("Gateway shop listener b port 80 "), std::string::npos) << text;
}

TEST(Objects, AreToldByWhatPeopleLookForInAList) {
  struct Case {
    const char* kind;
    const char* spec;
    const char* told;
  };
  const Case kCases[] = {
      {"ApiKey", R"({"consumer": "app"})", "of app "},
      {"ApiKey", R"({"consumer": "app", "expires": "2999-01-01T00:00:00Z"})", "of app, until 2999-01-01T00:00:00Z "},
      {"ApiKey", R"({"consumer": "app", "expires": "2020-01-01T00:00:00Z"})", "of app, expired 2020-01-01T00:00:00Z "},
      {"Consumer", R"({"plan": "gold"})", "Plan gold "},
      {"Revocation", R"({"tokenId": "7d1c", "issuer": "https://a", "reason": "stolen"})",
       "token 7d1c of https://a: stolen "},
      {"Revocation", R"({"subject": "u\u001b1"})", R"(subject u\x1b1 )"},
      {"Revocation", R"({"issuedBefore": "2026-11-29T12:00:00Z"})", "all before 2026-11-29T12:00:00Z "},
  };
  for (const Case& row : kCases) {
    management::v1::StoredObject object;
    object.mutable_ref()->set_kind(row.kind);
    object.set_json(std::string("{\"spec\": ") + row.spec + "}");
    std::string text = ObjectsTable({&object, 1});
    EXPECT_NE(text.find(row.told), std::string::npos) << text;
  }
}

}  // namespace
}  // namespace penstock::cli
