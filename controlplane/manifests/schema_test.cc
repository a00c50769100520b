#include "controlplane/manifests/schema.h"

#include "controlplane/manifests/codes.h"
#include "controlplane/manifests/parse.h"
#include "gtest/gtest.h"

namespace penstock::manifests {
namespace {

bool Has(const std::string& text, const char* part) { return text.find(part) != std::string::npos; }

TEST(Schema, DescribesAFieldWithItsCommentAndRules) {
  std::string text = ExplainField(BuiltInKinds(), "route.spec.rules.backendRefs.weight").value();
  EXPECT_TRUE(Has(text, "HTTPRoute.spec.rules.backendRefs.weight <integer>\n")) << text;
  EXPECT_TRUE(Has(text, "0 to 1000000")) << text;
  EXPECT_TRUE(Has(text, "default 1")) << text;
}

TEST(Schema, DescribesAKindWithItsFields) {
  std::string text = ExplainField(BuiltInKinds(), "Backend").value();
  EXPECT_TRUE(Has(text, "Backend <penstock.dev/v1>\n")) << text;
  EXPECT_TRUE(Has(text, "A set of servers")) << text;
  EXPECT_TRUE(Has(text, "  spec <BackendSpec>")) << text;
}

TEST(Schema, SuggestsTheNearestName) {
  EXPECT_EQ(ExplainField(BuiltInKinds(), "httproute.spec.rulez").status().message(),
            "HTTPRoute.spec has no field \"rulez\"; did you mean \"rules\"?");
  EXPECT_EQ(ExplainField(BuiltInKinds(), "gatway").status().message(),
            "there is no kind \"gatway\"; did you mean \"Gateway\"?");
}

TEST(Schema, SaysWhatIsNotSupported) {
  EXPECT_TRUE(Has(ExplainField(BuiltInKinds(), "gateway.spec.infrastructure").value(), "not supported: "));
}

TEST(Schema, DocumentsEveryKind) {
  for (const Kind& kind : BuiltInKinds().all()) {
    FieldDoc doc = DescribeKind(kind);
    EXPECT_FALSE(doc.docs.empty()) << kind.name;
    ASSERT_FALSE(doc.fields.empty()) << kind.name;
    EXPECT_TRUE(Has(ReferencePage(kind), "| `metadata.name` | string | required"));
  }
}

TEST(Codes, AreSortedUniqueAndComplete) {
  std::string_view before;
  for (const MessageCode& code : AllCodes()) {
    EXPECT_LT(before, code.code);
    before = code.code;
    EXPECT_FALSE(code.title.empty() || code.explanation.empty() || code.what_to_do.empty()) << code.code;
  }
  ASSERT_NE(FindCode("e010"), nullptr);
  EXPECT_EQ(FindCode("E999"), nullptr);
}

}  // namespace
}  // namespace penstock::manifests
