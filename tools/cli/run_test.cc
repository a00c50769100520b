#include "tools/cli/run.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "tools/cli/files.h"
#include "tools/cli/help.h"
#include "tools/cli/render/json.h"
#include "tools/cli/verb.h"

namespace penstock::cli {
namespace {

struct Ran {
  Exit exit;
  std::string out;
  std::string err;
};

Ran Penstock(std::vector<std::string> arguments, std::map<std::string, std::string> environment = {}) {
  environment.emplace("PENSTOCK_CONFIG", testing::TempDir() + "/no-such-config");
  std::ostringstream out, err;
  Exit exit = Run(arguments, Environment(environment), {}, out, err);
  return {exit, out.str(), err.str()};
}

std::string Manifest(const std::string& name, std::string_view text) {
  std::string path = testing::TempDir() + "/" + name;
  EXPECT_TRUE(WriteFileAtomically(path, text).ok());
  return path;
}

constexpr std::string_view kShop = R"(apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: shop}
spec:
  gatewayClassName: default
  listeners:
  - {name: http, protocol: HTTP, port: 8080}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: users}
spec:
  parentRefs: [{name: shop}]
  rules:
  - matches: [{path: {type: PathPrefix, value: /users}}]
    backendRefs: [{name: BACKEND}]
---
apiVersion: penstock.dev/v1
kind: Backend
metadata: {name: users}
spec: {endpoints: [{address: 127.0.0.1, port: 8081}]}
)";

std::string Shop(std::string backend) {
  std::string text(kShop);
  return text.replace(text.find("BACKEND"), 7, backend);
}

TEST(Run, ListsTheVerbsWithoutArguments) {
  Ran ran = Penstock({});
  EXPECT_EQ(ran.exit, Exit::kOk);
  EXPECT_EQ(ran.out, OverviewText());
}

TEST(Run, FailsWhenItsOutputIsLost) {
  for (std::vector<std::string> arguments : {std::vector<std::string>{"explain", "E101"}, {"help"}, {"apply", "-h"}}) {
    std::ofstream out("/dev/full");
    std::ostringstream err;
    EXPECT_EQ(cli::Run(arguments, Environment(std::map<std::string, std::string>()), {}, out, err), Exit::kOutputLost);
    EXPECT_EQ(err.str(), "error: standard output cannot be written: No space left on device\n");
  }
}

TEST(Run, RefusesAPrivateKeyThatOthersMayRead) {
  std::string pem = Manifest("open.pem", "-----BEGIN X-----\n");
  std::filesystem::permissions(pem, std::filesystem::perms(0644));
  Ran ran = Penstock({"status", "--server", "127.0.0.1:1", "--ca", pem, "--cert", pem, "--key", pem});
  EXPECT_EQ(ran.exit, Exit::kUsage);
  EXPECT_NE(ran.err.find("others may read the key " + pem + "; run: chmod 600 " + pem), std::string::npos) << ran.err;
}

TEST(Run, SuggestsTheNearestVerb) {
  Ran ran = Penstock({"aply", "-f", "x"});
  EXPECT_EQ(ran.exit, Exit::kUsage);
  EXPECT_EQ(ran.err, "error: unknown verb \"aply\"; did you mean \"apply\"?\n");
  EXPECT_EQ(ran.out, "");
}

TEST(Run, SuggestsTheNearestReasonOfTheAccessLog) {
  Ran ran = Penstock({"explain", "no_rout"});
  EXPECT_EQ(ran.exit, Exit::kNotFound);
  EXPECT_EQ(ran.err,
            "error: \"no_rout\" is neither a kind nor a reason of the access log; did you mean \"no_route\"?\n");
  EXPECT_NE(Penstock({"explain", "gatewya"}).err.find("did you mean \"Gateway\"?"), std::string::npos);
}

TEST(Run, TakesGlobalFlagsBeforeTheVerb) {
  EXPECT_EQ(Penstock({"-o", "json", "version"}).exit, Exit::kOk);
  EXPECT_EQ(Penstock({"--output=xml", "version"}).err,
            "error: --output xml: unknown format; one of table, json, yaml\n");
}

TEST(Run, RefusesANamespaceThatNoManifestMayNameForEveryVerb) {
  std::string shop = Manifest("namespace.yaml", Shop("users"));
  std::vector<std::vector<std::string>> calls = {{"apply", "-f", shop},
                                                 {"apply", "--dry-run", "-f", shop},
                                                 {"diff", "-f", shop},
                                                 {"lint", shop},
                                                 {"compile", "-f", shop},
                                                 {"get", "backends"},
                                                 {"describe", "backend", "users"},
                                                 {"export"},
                                                 {"delete", "backend", "users"},
                                                 {"history", "backend", "users"}};
  for (std::string ns : {"a/b", "Bad_NS", "x y", "a\nb", "\x1b[31m", ""}) {
    for (std::vector<std::string> call : calls) {
      call.insert(call.end(), {"-n", ns});
      Ran ran = Penstock(call);
      EXPECT_EQ(ran.exit, Exit::kUsage) << call[0];
      EXPECT_NE(ran.err.find("\": not a namespace; it must be a name of lower case letters"), std::string::npos)
          << call[0] << ": " << ran.err;
      EXPECT_EQ(ran.err.find('\x1b'), std::string::npos);
    }
  }
  EXPECT_LT(Penstock({"get", "-n", std::string(300, 'a')}).err.size(), 300u);
  EXPECT_EQ(Penstock({"lint", shop, "-n", "team-a"}).exit, Exit::kOk);
}

TEST(Run, HelpsWithEveryVerb) {
  for (const Verb* verb : Verbs()) {
    Ran ran = Penstock({"help", std::string(verb->name)});
    EXPECT_EQ(ran.exit, Exit::kOk) << verb->name;
    EXPECT_EQ(Penstock({std::string(verb->name), "--help"}).exit, Exit::kOk) << verb->name;
  }
}

class EveryFormat : public testing::TestWithParam<const char*> {
 protected:
  Exit ExitOf(std::vector<std::string> arguments, std::map<std::string, std::string> environment = {}) {
    arguments.push_back(std::string("--output=") + GetParam());
    return Penstock(arguments, environment).exit;
  }
};

TEST_P(EveryFormat, GivesTheExitOfTheTable) {
  std::string good = Manifest("good.yaml", Shop("users")), bad = Manifest("bad.yaml", Shop("usres"));
  std::string out = testing::TempDir() + "/good.generation";
  EXPECT_EQ(ExitOf({"lint", "-f", good}), Exit::kOk);
  EXPECT_EQ(ExitOf({"lint", "-f", bad}), Exit::kDiffers);
  EXPECT_EQ(ExitOf({"lint", "-f", "/no/such/file"}), Exit::kUsage);
  EXPECT_EQ(ExitOf({"compile", "-f", good, "-o", out}), Exit::kOk);
  EXPECT_EQ(ExitOf({"compile", "-f", bad, "-o", out}), Exit::kInvalid);
  EXPECT_EQ(ExitOf({"compile", "-f", good, "-o", out, "--gateway-class=other"}), Exit::kNotFound);
  EXPECT_EQ(ExitOf({"status"}), Exit::kUnreachable);
  EXPECT_EQ(ExitOf({"apply"}), Exit::kUsage);
  EXPECT_EQ(ExitOf({"explain", "E999"}), Exit::kNotFound);
  EXPECT_EQ(ExitOf({"explain", "httproute.spec.ruels"}), Exit::kNotFound);
  EXPECT_EQ(ExitOf({"explain", "E101"}), Exit::kOk);
  EXPECT_EQ(ExitOf({"explain"}), Exit::kOk);
  EXPECT_EQ(ExitOf({"get", "httproutez"}), Exit::kNotFound);
}

TEST_P(EveryFormat, SaysThatNoControlPlaneAnswers) {
  std::string folder = testing::TempDir() + "/pki";
  ASSERT_EQ(ExitOf({"cert", "init", folder, "--force"}), Exit::kOk);
  ASSERT_EQ(ExitOf({"cert", "issue", folder, "--operator", "ada"}), Exit::kOk);
  std::map<std::string, std::string> environment = {{"PENSTOCK_SERVER", "127.0.0.1:1"},
                                                    {"PENSTOCK_CERT", folder + "/operator-ada.crt"},
                                                    {"PENSTOCK_KEY", folder + "/operator-ada.key"},
                                                    {"PENSTOCK_CA", folder + "/ca.crt"}};
  for (std::string verb : {"status", "get", "history", "export"})
    EXPECT_EQ(ExitOf({verb}, environment), Exit::kUnreachable) << verb;
  EXPECT_EQ(ExitOf({"wait", "--timeout=300ms"}, environment), Exit::kUnreachable);
  EXPECT_EQ(ExitOf({"rollback"}, environment), Exit::kUnreachable);
  EXPECT_EQ(ExitOf({"delete", "gateway", "shop"}, environment), Exit::kUnreachable);
  EXPECT_EQ(ExitOf({"explain", "request", "GET", "http://x/"}, environment), Exit::kUnreachable);
}

INSTANTIATE_TEST_SUITE_P(All, EveryFormat, testing::Values("table", "json", "yaml"));

TEST(Run, TellsErrorsAsJsonToo) {
  Ran ran = Penstock({"status", "-o", "json"});
  Json json;
  ASSERT_TRUE(ParseJson(ran.out, json)) << ran.out;
  EXPECT_EQ(json["kind"], "Error");
  EXPECT_EQ(json["exit"], 7);
}

TEST(Explain, SaysWhatAnUnknownCodeIsNotAndWhichAreNear) {
  for (std::string code : {"E9999", "E999", "e9"}) {
    Ran ran = Penstock({"explain", code});
    EXPECT_EQ(ran.exit, Exit::kNotFound);
    EXPECT_NE(ran.err.find("\"" + code + "\" is not the code of a message; near it are E"), std::string::npos)
        << ran.err;
    EXPECT_NE(ran.err.find("docs/messages.md"), std::string::npos) << ran.err;
  }
}

TEST(Explain, AsksForTheHostOfARequestWithTheCommandToType) {
  Ran ran = Penstock({"explain", "request", "POST", "/users?page=2"});
  EXPECT_EQ(ran.exit, Exit::kUsage);
  EXPECT_NE(ran.err.find("\n  penstock explain request POST http://HOST:PORT/users?page=2 "), std::string::npos)
      << ran.err;
  Ran with_host = Penstock({"explain", "request", "/users", "-H", "Host: shop.example:8080"});
  EXPECT_EQ(with_host.exit, Exit::kUnreachable) << "the request is whole: " << with_host.err;
}

TEST(Explain, AsksFilesWithoutAControlPlane) {
  std::string path = Manifest("explained.yaml", Shop("users"));
  Ran ran = Penstock({"explain", "request", "http://shop.example:8080/users", "-f", path});
  EXPECT_EQ(ran.exit, Exit::kOk) << ran.err;
  EXPECT_NE(ran.out.find("\ndecided   by what is written, which nobody serves\n"), std::string::npos) << ran.out;
  std::string broken = Manifest("explained.yaml", Shop("usres"));
  ran = Penstock({"explain", "request", "http://shop.example:8080/users", "-f", broken});
  EXPECT_EQ(ran.exit, Exit::kInvalid);
  EXPECT_NE(ran.err.find("explained.yaml:16:26: error: "), std::string::npos) << ran.err;
}

TEST(Explain, AsksOneReplicaOrFilesNotBoth) {
  Ran ran = Penstock({"explain", "request", "http://x/", "--from=replica/edge-1", "-f", "x.yaml"});
  EXPECT_EQ(ran.exit, Exit::kUsage);
  EXPECT_NE(ran.err.find("--from asks a replica, -f asks files"), std::string::npos) << ran.err;
}

TEST(Explain, TakesNoLineBreakIntoAField) {
  Ran ran = Penstock({"explain", "request", "http://x/", "-H", "x-a: b\r\nx-c: d", "-f", "x.yaml"});
  EXPECT_EQ(ran.exit, Exit::kUsage);
  EXPECT_NE(ran.err.find("-H 'x-a: ...': no field has a line break in it"), std::string::npos) << ran.err;
}

TEST(Explain, AsksFilesAloneAboutBytesThatAreNotUtf8) {
  Ran ran = Penstock({"explain", "request", "-H", "x-a: \xff", "http://x/"});
  EXPECT_EQ(ran.exit, Exit::kUsage);
  EXPECT_EQ(ran.err.find("error: -H 'x-a: ...' has bytes that are not UTF-8, "), 0u) << ran.err;
  EXPECT_NE(ran.err.find("with -f"), std::string::npos) << ran.err;
  EXPECT_EQ(Penstock({"explain", "request", "http://x/\xff"}).exit, Exit::kUsage);
  std::string path = Manifest("explained.yaml", Shop("users"));
  ran = Penstock({"explain", "request", "http://shop.example:8080/users", "-H", "x-a: \xff", "-f", path});
  EXPECT_EQ(ran.exit, Exit::kOk) << ran.err;
}

TEST(Run, ShowsATerminalNothingThatItWouldObey) {
  Ran ran = Penstock({"lint", "-f",
                      "/no/\033[2J/\xC2\x9B"
                      "2J/\xE9"});
  EXPECT_EQ(ran.exit, Exit::kUsage);
  EXPECT_NE(ran.err.find("/no/\\x1b[2J/\\u009b2J/\\xe9"), std::string::npos) << ran.err;
  Ran json = Penstock({"lint", "-f",
                       "/no/\033[2J/\xC2\x9B"
                       "2J/\xE9",
                       "-o", "json"});
  EXPECT_NE(json.out.find("/no/\\u001b[2J/\\u009b2J/\xEF\xBF\xBD"), std::string::npos) << json.out;
  std::string path = Manifest("kind.yaml", "apiVersion: v1\nkind: \"F\\e[2J\\x9b2J\"\nmetadata: {name: x}\n");
  for (std::string format : {"table", "json", "yaml"}) {
    Ran lint = Penstock({"lint", "-f", path, "-o", format});
    EXPECT_EQ(lint.exit, Exit::kDiffers);
    EXPECT_EQ((lint.out + lint.err).find_first_of("\033\xC2"), std::string::npos) << lint.out;
  }
}

TEST(Lint, ShowsTheLineTheCaretAndTheSuggestion) {
  std::string path = Manifest("caret.yaml", Shop("usres"));
  Ran ran = Penstock({"lint", "-f", path});
  EXPECT_NE(ran.out.find("caret.yaml:16:26: error: spec.rules[0].backendRefs[0].name: "), std::string::npos) << ran.out;
  EXPECT_NE(ran.out.find("did you mean \"users\"?"), std::string::npos) << ran.out;
}

TEST(Lint, SaysWhatAnUnknownFieldCouldBe) {
  std::string text = Shop("users");
  text.replace(text.find("gatewayClassName"), 16, "gatewayClasName");
  Ran ran = Penstock({"lint", "-f", Manifest("field.yaml", text)});
  EXPECT_EQ(ran.exit, Exit::kDiffers);
  EXPECT_NE(ran.out.find("did you mean \"gatewayClassName\"?"), std::string::npos) << ran.out;
}

TEST(Lint, TellsWhatCannotBeCompiledBesidesWhatIsMisspelt) {
  std::string text = Shop("users");
  text.replace(text.find("PathPrefix, value: /users"), 25, "RegularExpression, value: '/('");
  Ran ran = Penstock({"lint", "-f",
                      Manifest("both.yaml", text + "---\napiVersion: penstock.dev/v1\nkind: Backend\n"
                                                   "metadata: {name: other}\nspec: {endpoint: []}\n")});
  EXPECT_EQ(ran.exit, Exit::kDiffers);
  EXPECT_NE(ran.out.find("E010"), std::string::npos) << ran.out;
  EXPECT_NE(ran.out.find("E204"), std::string::npos) << ran.out;
}

TEST(Lint, SaysOnceWhatIsWrongWithAValue) {
  Ran ran = Penstock(
      {"lint", "-f",
       Manifest("once.yaml", Shop("users") + "---\napiVersion: penstock.dev/v1\nkind: RateLimitPolicy\n"
                                             "metadata: {name: few}\nspec: {targetRefs: [{kind: Gateway, name: shop}],"
                                             " rules: [{name: few, concurrency: 0}]}\n")});
  EXPECT_EQ(ran.exit, Exit::kDiffers);
  EXPECT_NE(ran.out.find("spec.rules[0].concurrency: 0 is out of range"), std::string::npos) << ran.out;
  EXPECT_EQ(ran.out.find("E208"), std::string::npos) << "that is about a field that nobody wrote: " << ran.out;
}

TEST(Cert, DoesNotReplaceACaUnasked) {
  std::string folder = testing::TempDir() + "/pki-kept";
  ASSERT_EQ(Penstock({"cert", "init", folder, "--force"}).exit, Exit::kOk);
  EXPECT_EQ(Penstock({"cert", "init", folder}).exit, Exit::kUsage);
  EXPECT_EQ(Penstock({"cert", "issue", folder, "--dataplane", "../x"}).exit, Exit::kUsage);
  EXPECT_EQ(Penstock({"cert", "issue", folder}).exit, Exit::kUsage);
}

TEST(Completion, OffersWhatFits) {
  EXPECT_NE(Penstock({"__complete", "--", ""}).out.find("apply\n"), std::string::npos);
  EXPECT_EQ(Penstock({"__complete", "--", "status", "-o", ""}).out, "table\njson\nyaml\n");
  EXPECT_EQ(Penstock({"__complete", "--", "apply", "-f", ""}).out, ":files\n");
  EXPECT_NE(Penstock({"__complete", "--", "get", ""}).out.find("httproutes\n"), std::string::npos);
  EXPECT_NE(Penstock({"__complete", "--", "apply", "--pr"}).out.find("--prune-all\n"), std::string::npos);
}

// docs/cli.md is made by `penstock help --markdown`.
TEST(Docs, AreWhatTheTableSays) {
  absl::StatusOr<std::string> page = ReadFile("docs/cli.md");
  ASSERT_TRUE(page.ok()) << page.status();
  EXPECT_EQ(*page, CliPage()) << "make it anew: bazel-bin/tools/cli/penstock help --markdown > docs/cli.md";
}

}  // namespace
}  // namespace penstock::cli
