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

}  // namespace
}  // namespace penstock::cli
