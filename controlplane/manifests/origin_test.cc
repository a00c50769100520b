#include "controlplane/manifests/origin.h"

#include <gtest/gtest.h>

#include "controlplane/manifests/parse.h"

namespace penstock::manifests {
namespace {

constexpr char kPolicy[] = R"(
apiVersion: penstock.dev/v1
kind: SecurityPolicy
metadata: {name: tokens}
spec:
  targetRefs: [{kind: Gateway, name: gw}]
  ipFilter: {deny: [203.0.113.0/24]}

  authorization:
    rules: [{name: all}]
)";

ObjectPtr Parsed(const std::string& file) {
  const File files[] = {{file, kPolicy}};
  ParseResult result = Parse(files);
  EXPECT_EQ(result.objects.size(), 1u);
  return result.objects.at(0);
}

TEST(Origin, KeepsTheLinesOfAnObjectAndOfTheFieldsOfItsSpec) {
  ObjectPtr object = Parsed("shop/tokens.yaml");
  SourceMap kept = DecodeOrigin(EncodeOrigin(*object));
  EXPECT_EQ(kept.file(), "shop/tokens.yaml");
  for (const char* path : {"", "spec", "spec.ipFilter", "spec.authorization"}) {
    EXPECT_EQ(kept.Find(path).line, object->source().Find(path).line) << path;
    EXPECT_TRUE(kept.Has(path)) << path;
  }
  EXPECT_EQ(kept.Find("spec.ipFilter").line, 7u);
  EXPECT_EQ(kept.Find("spec.authorization.rules[0]").line, kept.Find("spec.authorization").line) << "the nearest above";
}

TEST(Origin, IsKeptAgainOutOfWhatWasKept) {
  ObjectPtr object = Parsed("shop/tokens.yaml");
  const std::string origin = EncodeOrigin(*object);
  auto back = Object::FromBytes(BuiltInKinds(), object->key(), object->CanonicalBytes(), DecodeOrigin(origin));
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ(EncodeOrigin(**back), origin);
  EXPECT_TRUE(SameContents(**back, *object));
}

TEST(Origin, IsNoPartOfWhatAnObjectSays) { EXPECT_TRUE(SameContents(*Parsed("a.yaml"), *Parsed("b/c.yaml"))); }

TEST(Origin, IsNothingWhereNobodyKnows) {
  ObjectPtr object = Parsed("a.yaml");
  auto stored = Object::FromBytes(BuiltInKinds(), object->key(), object->CanonicalBytes());
  EXPECT_EQ(EncodeOrigin(**stored), "");
  EXPECT_EQ(EncodeOrigin(*Parsed(std::string(5000, 'x'))), "");
  EXPECT_EQ(EncodeOrigin(*Parsed("two\nlines")), "");
  EXPECT_TRUE(DecodeOrigin("").file().empty());
}

TEST(Origin, LeavesOutWhatCannotBeRead) {
  SourceMap source = DecodeOrigin("a.yaml\nx spec\n0 spec\n99999999999 spec\n\n7\n7 spec.jwt");
  EXPECT_EQ(source.file(), "a.yaml");
  EXPECT_FALSE(source.Has("spec"));
  EXPECT_EQ(source.Find("spec.jwt").line, 7u);
}

}  // namespace
}  // namespace penstock::manifests
