// testdata/NAME.in.yaml -> testdata/NAME.out.txtpb: what manifests become, findings and status included. To write the
// expected files anew: bazel test //controlplane/translator:golden_test
// --test_env=UPDATE_GOLDEN=$PWD/controlplane/translator/testdata
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "controlplane/manifests/parse.h"
#include "controlplane/manifests/text.h"
#include "controlplane/translator/translate.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"
#include "proto/penstock/xds/v1/address_list.pb.h"
#include "proto/penstock/xds/v1/cluster.pb.h"
#include "proto/penstock/xds/v1/credential.pb.h"
#include "proto/penstock/xds/v1/endpoints.pb.h"
#include "proto/penstock/xds/v1/listener.pb.h"
#include "proto/penstock/xds/v1/policy.pb.h"
#include "proto/penstock/xds/v1/route.pb.h"
#include "proto/penstock/xds/v1/secret.pb.h"
#include "proto/penstock/xds/v1/security.pb.h"

namespace penstock::translator {
namespace {

namespace fs = std::filesystem;
using manifests::Cat;

constexpr char kFolder[] = "controlplane/translator/testdata";
// In the first line of a file: references that lead nowhere are warnings.
constexpr char kAllowUnresolved[] = "# allow-unresolved";

std::string ReadFile(const fs::path& path) {
  std::ifstream in(path);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

std::string TextOf(const google::protobuf::Message& message) {
  std::string text;
  google::protobuf::TextFormat::Printer printer;
  printer.SetExpandAny(true);
  printer.PrintToString(message, &text);
  return text;
}

template <typename Message>
std::string Decode(const Resource& resource) {
  Message message;
  EXPECT_TRUE(message.ParseFromString(resource.bytes));
  return TextOf(message);
}

// Its keys, and how long their values are.
std::string DecodeSecret(const Resource& resource) {
  xds::v1::Secret secret;
  EXPECT_TRUE(secret.ParseFromString(resource.bytes));
  for (auto& [key, value] : *secret.mutable_data()) value = Cat(value.size(), " bytes");
  return TextOf(secret);
}

std::string ResourceText(const Resource& resource) {
  std::string kind = resource.type_url.substr(resource.type_url.rfind('.') + 1);
  std::string text = Cat("# ", kind, " ", resource.name, "  for");
  for (const std::string& gateway : resource.gateways) manifests::Append(text, " ", gateway);
  text += '\n';
  if (kind == "Listener") return text + Decode<xds::v1::Listener>(resource) + '\n';
  if (kind == "Route") return text + Decode<xds::v1::Route>(resource) + '\n';
  if (kind == "Cluster") return text + Decode<xds::v1::Cluster>(resource) + '\n';
  if (kind == "Endpoints") return text + Decode<xds::v1::Endpoints>(resource) + '\n';
  if (kind == "PolicyChain") return text + Decode<xds::v1::PolicyChain>(resource) + '\n';
  if (kind == "Secret") return text + DecodeSecret(resource) + '\n';
  if (kind == "Credential") return text + Decode<xds::v1::Credential>(resource) + '\n';
  if (kind == "AddressList") return text + Decode<xds::v1::AddressList>(resource) + '\n';
  ADD_FAILURE() << "unexpected resource " << text;
  return text;
}

std::string FindingText(const manifests::Finding& finding) {
  std::string text = Cat("# ", finding.line(), ":", finding.column(), ": ");
  text += finding.severity() == manifests::Finding::ERROR ? "error" : "warning";
  manifests::Append(text, ": ", finding.object(), ": ", finding.path(), ": ", finding.message(), " [", finding.code(),
                    "]");
  if (!finding.suggestion().empty()) manifests::Append(text, " (", finding.suggestion(), ")");
  return text + '\n';
}

std::string Render(const std::string& yaml) {
  manifests::File file{.name = "in.yaml", .bytes = yaml};
  manifests::ParseResult parsed = manifests::Parse({&file, 1});
  Changes changes;
  for (const manifests::ObjectPtr& object : parsed.objects) changes.upserts.push_back({.object = object});
  absl::Time now = absl::FromCivil(absl::CivilDay(2030, 1, 1), absl::UTCTimeZone());
  TranslateOptions options{.generation = 7, .allow_unresolved = yaml.starts_with(kAllowUnresolved), .now = now};
  Result result = Translate(nullptr, changes, options);
  std::string text;
  manifests::SortAndCap(result.findings);
  std::erase_if(parsed.findings, [](const manifests::Finding& f) { return f.severity() == manifests::Finding::NOTE; });
  for (const manifests::Finding& finding : parsed.findings) text += FindingText(finding);
  for (const manifests::Finding& finding : result.findings) text += FindingText(finding);
  if (!text.empty()) text += '\n';
  for (const ResourcePtr& resource : result.upserts) text += ResourceText(*resource);
  for (const StatusChange& change : result.statuses) {
    manifests::Append(text, "# status of ", change.object.ToString(), "\n", TextOf(*change.status), "\n");
  }
  return text;
}

TEST(Golden, EveryInputGivesItsOutput) {
  const char* update = std::getenv("UPDATE_GOLDEN");
  int seen = 0;
  for (const fs::directory_entry& entry : fs::directory_iterator(kFolder)) {
    std::string name = entry.path().filename();
    if (!name.ends_with(".in.yaml")) continue;
    ++seen;
    std::string output = name.substr(0, name.size() - 8) + ".out.txtpb";
    std::string actual = Render(ReadFile(entry.path()));
    if (update != nullptr) {
      std::ofstream(fs::path(update) / output) << actual;
      continue;
    }
    EXPECT_EQ(actual, ReadFile(fs::path(kFolder) / output)) << name;
  }
  EXPECT_GT(seen, 5);
}

}  // namespace
}  // namespace penstock::translator
