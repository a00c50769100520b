#include "controlplane/manifests/render.h"

#include "controlplane/manifests/parse.h"
#include "gtest/gtest.h"

namespace penstock::manifests {
namespace {

Finding Missing() {
  Finding finding;
  finding.set_severity(Finding::ERROR);
  finding.set_code("E101");
  finding.set_file("shop/products.yaml");
  finding.set_line(3);
  finding.set_column(14);
  finding.set_length(11);
  finding.set_object("HTTPRoute default/products");
  finding.set_path("spec.rules[0].backendRefs[1].name");
  finding.set_message("Backend \"produtcs-v2\" does not exist");
  finding.set_suggestion("did you mean \"products-v2\"?");
  return finding;
}

RenderOptions WithSource(std::string_view text) {
  return {.color = false, .source = [text](std::string_view) { return std::optional<std::string_view>(text); }};
}

TEST(Render, ShowsTheLineWithACaretAndTheSuggestion) {
  Finding finding = Missing();
  std::string_view source = "a:\nb:\n    - {name: produtcs-v2, port: 8082, weight: 10}\n";
  EXPECT_EQ(RenderText({&finding, 1}, WithSource(source)),
            "shop/products.yaml:3:14: error: spec.rules[0].backendRefs[1].name: Backend \"produtcs-v2\" does not exist "
            "[E101]\n"
            "    3 |     - {name: produtcs-v2, port: 8082, weight: 10}\n"
            "      |              ^^^^^^^^^^^ did you mean \"products-v2\"?\n");
}

TEST(Render, NamesTheObjectWhenThereIsNoFile) {
  Finding finding = Missing();
  finding.clear_file();
  finding.clear_line();
  EXPECT_EQ(RenderText({&finding, 1}),
            "HTTPRoute default/products: error: spec.rules[0].backendRefs[1].name: Backend \"produtcs-v2\" does not "
            "exist [E101]\n"
            "       did you mean \"products-v2\"?\n");
}

TEST(Render, NeverShowsTheLinesOfSecrets) {
  std::string text = "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\nstringData: {key: [hunter2]}\n";
  std::string broken = "kind: Secret\nstringData: {key: \"hunter2}\n";
  std::string latin = "kind: Secret\nstringData: {key: \"hunter2 \xfc\"}\n";
  std::string pasted =
      "apiVersion: penstock.dev/v1\nkind: ApiKey\nmetadata: {name: k}\nspec: {consumer: c, sha256: hunter2}\n";
  for (const std::string& source : {text, broken, latin, pasted}) {
    File file{"a.yaml", source};
    ParseResult result = Parse({&file, 1});
    ASSERT_FALSE(result.findings.empty());
    EXPECT_EQ(RenderText(result.findings, WithSource(source)).find("hunter2"), std::string::npos);
  }
}

TEST(Render, ShowsNoLineWithWhatLooksLikeASecretWhateverTheObject) {
  Finding finding = Missing();
  finding.set_object("ConfigMap default/ca");
  finding.set_line(1);
  finding.set_column(1);
  for (std::string line : {"ca.crt: \"-----BEGIN EC PRIVATE KEY-----\\nhunter2\"",
                           "inline: '{\"keys\":[{\"kty\":\"oct\",\"k\":\"hunter2\"}]}'", "key: pk_hunter2",
                           "address: redis://u:hunter2@host:1", "a: https://x/, b: \"redis://hunter2@h\""}) {
    std::string text = RenderText({&finding, 1}, WithSource(line));
    EXPECT_EQ(text.find("hunter2"), std::string::npos) << text;
    EXPECT_NE(text.find("does not exist"), std::string::npos);
  }
  EXPECT_NE(RenderText({&finding, 1}, WithSource("a: https://x/@me, b: me@x")).find("@me"), std::string::npos);
}

TEST(Render, CutsLongLinesAroundThePlaceAndCountsCharacters) {
  Finding finding = Missing();
  finding.set_line(1);
  finding.set_column(501);
  finding.set_length(3);
  std::string source;
  for (int i = 0; i < 500; ++i) source += "\xC3\xA9";
  source += "abc" + std::string(500, 'x');
  std::string text = RenderText({&finding, 1}, WithSource(source));
  EXPECT_LT(text.size(), 600u);
  EXPECT_NE(text.find("abcx"), std::string::npos);
  EXPECT_NE(text.find("      | " + std::string(63, ' ') + "^^^ did"), std::string::npos) << text;
}

TEST(Render, ShowsNoControlCharacters) {
  Finding finding = Missing();
  finding.set_message("a\x1b[31mb\nc");
  EXPECT_EQ(RenderText({&finding, 1}).find('\x1b'), std::string::npos);
  finding.set_message(
      "\xC2\x9B"
      "2J caf\xE9");
  finding.set_line(1);
  finding.set_column(1);
  std::string text = RenderText({&finding, 1}, WithSource("a\xC2\x9B"
                                                          "2J\xE9 b"));
  EXPECT_NE(text.find("\\u009b2J caf\\xe9"), std::string::npos) << text;
  EXPECT_NE(text.find("| a?2J? b\n"), std::string::npos) << text;
  EXPECT_NE(RenderJson({&finding, 1}).find("\\u009b2J caf\xEF\xBF\xBD"), std::string::npos);
  EXPECT_NE(RenderText({&finding, 1}, {.color = true, .source = {}}).find("\x1b[1;31merror:"), std::string::npos);
}

TEST(Render, WritesJson) {
  Finding finding = Missing();
  EXPECT_EQ(
      RenderJson({&finding, 1}),
      "[\n  {\"severity\": \"error\", \"code\": \"E101\", \"file\": \"shop/products.yaml\", \"line\": 3, \"column\": "
      "14, "
      "\"length\": 11, \"object\": \"HTTPRoute default/products\", \"path\": \"spec.rules[0].backendRefs[1].name\", "
      "\"message\": \"Backend \\\"produtcs-v2\\\" does not exist\", \"suggestion\": \"did you mean "
      "\\\"products-v2\\\"?\"}\n]\n");
  EXPECT_EQ(RenderJson({}), "[]\n");
}

TEST(Render, Counts) {
  Finding error = Missing(), warning = Missing();
  warning.set_severity(Finding::WARNING);
  std::vector<Finding> findings = {error, error, warning};
  EXPECT_EQ(CountText(findings), "2 errors, 1 warning");
  EXPECT_EQ(CountText({}), "");
}

}  // namespace
}  // namespace penstock::manifests
