#include "controlplane/manifests/export.h"

#include <random>

#include "api/manifests/v1/meta.pb.h"
#include "api/manifests/v1/schema.pb.h"
#include "api/manifests/v1/status.pb.h"
#include "controlplane/manifests/parse.h"
#include "controlplane/manifests/text.h"
#include "gtest/gtest.h"

namespace penstock::manifests {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

ParseResult ParseText(std::string text) {
  File file{.name = "a.yaml", .bytes = std::move(text)};
  return Parse({&file, 1});
}

TEST(Export, WritesReadableYamlInTheOrderOfTheKind) {
  ParseResult result = ParseText(R"(
kind: HTTPRoute
spec: {rules: [{backendRefs: [{weight: 90, name: a, port: 80}], matches: [{path: {value: "/a b"}}], timeouts: {request: 1h30m}}], parentRefs: [{name: shop}]}
metadata: {labels: {b: "1", a.b/c: "no"}, name: r}
apiVersion: gateway.networking.k8s.io/v1
)");
  ASSERT_EQ(result.objects.size(), 1u);
  EXPECT_EQ(ToYaml(*result.objects[0]), R"(apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata:
  name: r
  namespace: default
  labels:
    a.b/c: "no"
    b: "1"
spec:
  parentRefs:
  - name: shop
  rules:
  - matches:
    - path:
        value: "/a b"
    backendRefs:
    - name: a
      port: 80
      weight: 90
    timeouts:
      request: 1h30m
)");
  EXPECT_EQ(
      ToJson(*result.objects[0]),
      R"({"apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute", "metadata": {"name": "r", "namespace": "default", )"
      R"("labels": {"a.b/c": "no", "b": "1"}}, "spec": {"parentRefs": [{"name": "shop"}], "rules": [{"matches": [{"path": {"value": "/a b"}}], )"
      R"("backendRefs": [{"name": "a", "port": 80, "weight": 90}], "timeouts": {"request": "1h30m"}}]}})");
}

TEST(Export, ShowsSecretsOnlyWhenTold) {
  ParseResult result = ParseText(
      "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\ndata: {k: aGFsbG8=}\nstringData: {p: "
      "\"-----BEGIN\\nx\\n\"}\n");
  ASSERT_EQ(result.objects.size(), 1u);
  std::string hidden = ToYaml(*result.objects[0]);
  EXPECT_NE(hidden.find("k: REDACTED"), std::string::npos);
  EXPECT_EQ(hidden.find("BEGIN"), std::string::npos);
  std::string shown = ToYaml(*result.objects[0], Secrets::kShown);
  EXPECT_NE(shown.find("k: \"aGFsbG8=\"\n"), std::string::npos) << shown;
  EXPECT_NE(shown.find("  p: |\n    -----BEGIN\n    x\n"), std::string::npos) << shown;
}

TEST(Export, MasksSecretsWithWhatIsNotTakenForTheirValue) {
  ParseResult result =
      ParseText("apiVersion: v1\nkind: Secret\nmetadata: {name: a}\ndata: {k: aGFsbG8=}\nstringData: {p: hello}\n");
  ASSERT_EQ(result.objects.size(), 1u);
  for (const std::string& exported : {ToYaml(*result.objects[0]), ToJson(*result.objects[0])}) {
    ParseResult again = ParseText(exported);
    ASSERT_EQ(again.findings.size(), 2u) << exported;
    EXPECT_EQ(again.findings[0].code(), "E024");
    EXPECT_EQ(again.findings[0].path(), "data.k");
    EXPECT_EQ(again.findings[1].path(), "stringData.p");
  }
}

TEST(Export, KeepsAnEmptyListThatMeansSomething) {
  ParseResult result =
      ParseText("apiVersion: penstock.dev/v1\nkind: Backend\nmetadata: {name: a}\nspec: {endpoints: []}\n");
  ASSERT_EQ(result.objects.size(), 1u);
  EXPECT_NE(ToYaml(*result.objects[0]).find("endpoints: []"), std::string::npos);
}

// Random values that the schema allows.
class RandomObject {
 public:
  explicit RandomObject(uint64_t seed) : random_(seed) {}

  std::unique_ptr<Message> Make(const Kind& kind, int number) {
    std::unique_ptr<Message> message(kind.prototype->New());
    Fill(*message, 0);
    const FieldDescriptor* field = message->GetDescriptor()->FindFieldByName("metadata");
    auto* metadata = static_cast<v1::ObjectMeta*>(message->GetReflection()->MutableMessage(message.get(), field));
    metadata->set_name(Cat("object-", number));
    metadata->set_namespace_(kind.cluster_scoped ? "" : "default");
    Set(*message, "api_version", kind.ApiVersion());
    Set(*message, "kind", kind.name);
    return message;
  }

 private:
  size_t Below(size_t limit) { return std::uniform_int_distribution<size_t>(0, limit - 1)(random_); }

  static void Set(Message& message, const char* name, const std::string& text) {
    message.GetReflection()->SetString(&message, message.GetDescriptor()->FindFieldByName(name), text);
  }

  void Fill(Message& message, int depth) {
    const auto& descriptor = *message.GetDescriptor();
    const v1::UnionRules& rules = descriptor.options().GetExtension(v1::union_);
    std::string chosen, chosen_field;
    if (!rules.member().empty()) {
      auto it = rules.member().begin();
      std::advance(it, static_cast<long>(Below(rules.member().size())));
      chosen = it->first;
      chosen_field = it->second;
    }
    for (int i = 0; i < descriptor.field_count(); ++i) {
      const FieldDescriptor& field = *descriptor.field(i);
      v1::FieldRules r = field.options().GetExtension(v1::rules);
      if (!r.unsupported().empty() || !r.ignored().empty()) continue;
      if (field.name() == "data_from_files") continue;  // the files are read, and their names forgotten
      bool member = false;
      for (const auto& [value, name] : rules.member()) member = member || name == field.name();
      if (member && field.name() != chosen_field) continue;
      if (member) r.set_required(true);  // an empty one is none
      bool wanted = r.required() || Below(3) == 0;
      if (!wanted || (depth > 8 && !r.required())) continue;
      FillField(message, field, r, depth);
      if (!rules.discriminator().empty() && field.name() == rules.discriminator())
        Set(message, field.name().c_str(), chosen);
    }
  }

  void FillField(Message& message, const FieldDescriptor& field, const v1::FieldRules& rules, int depth) {
    size_t count = 1;
    if (field.is_repeated()) count = rules.required() || rules.min_items() > 0 || Below(2) == 0 ? 1 : Below(3);
    if (!rules.unique_by().empty()) count = std::min<size_t>(count, 1);
    for (size_t i = 0; i < count; ++i) {
      if (field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
        FillMessage(message, field, rules, depth);
      } else {
        FillScalar(message, field, rules);
      }
    }
  }

  void FillMessage(Message& message, const FieldDescriptor& field, const v1::FieldRules& rules, int depth) {
    const auto& reflection = *message.GetReflection();
    if (!field.is_map()) {
      Fill(
          field.is_repeated() ? *reflection.AddMessage(&message, &field) : *reflection.MutableMessage(&message, &field),
          depth + 1);
      return;
    }
    if (reflection.FieldSize(message, &field) > 0) return;  // a key twice would be no map
    Message* entry = reflection.AddMessage(&message, &field);
    bool label = rules.format() == "label_value";
    entry->GetReflection()->SetString(entry, field.message_type()->map_key(), label ? "a.b/c-1" : "k " + AnyText());
    entry->GetReflection()->SetString(entry, field.message_type()->map_value(), label ? "no" : AnyText());
  }

  void FillScalar(Message& message, const FieldDescriptor& field, const v1::FieldRules& rules) {
    const auto& reflection = *message.GetReflection();
    int64_t max = rules.has_max() ? rules.max() : 1000;
    int64_t number =
        rules.min() + static_cast<int64_t>(Below(static_cast<size_t>(std::max<int64_t>(1, max - rules.min() + 1))));
    if (field.cpp_type() == FieldDescriptor::CPPTYPE_INT32) {
      auto n = static_cast<int32_t>(number);
      field.is_repeated() ? reflection.AddInt32(&message, &field, n) : reflection.SetInt32(&message, &field, n);
    } else if (field.cpp_type() == FieldDescriptor::CPPTYPE_INT64) {
      reflection.SetInt64(&message, &field, number);
    } else if (field.cpp_type() == FieldDescriptor::CPPTYPE_BOOL) {
      reflection.SetBool(&message, &field, Below(2) == 0);
    } else if (field.is_repeated()) {
      reflection.AddString(&message, &field, TextFor(rules));
    } else {
      reflection.SetString(&message, &field, TextFor(rules));
    }
  }

  std::string TextFor(const v1::FieldRules& rules) {
    if (!rules.values().empty()) return rules.values(static_cast<int>(Below(static_cast<size_t>(rules.values_size()))));
    const std::pair<std::string_view, const char*> kExamples[] = {
        {"hostname", "a.example"},
        {"hostname_or_wildcard", "*.a.example"},
        {"duration", "1h30m"},
        {"cidr", "10.0.0.0/8"},
        {"address_range", "10.0.0.7"},
        {"method", "PURGE"},
        {"absolute_path", "/a"},
        {"sha256", "5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8"},
        {"time", "2026-11-29T12:00:00Z"},
        {"ip", "2001:db8::1"},
        {"header_name", "x-a"},
        {"header_value", "a: #b"},
        {"dns_label", "no"},
        {"dns_subdomain", "1.5"},
        {"cors_origin", "*"},
        {"label_value", "on"},
        {"percent", "20%"},
        {"socket_path", "@a"},
        {"realm", "no"},
        {"user_name", "1e3"},
        {"upgrade", "1e3"}};
    for (const auto& [format, text] : kExamples) {
      if (rules.format() == format) return text;
    }
    std::string text = AnyText();
    if (rules.max_length() > 0 && text.size() > rules.max_length()) text = "x";
    return rules.required() && text.empty() ? "~" : text;
  }

  // Text that YAML would take for something else if it were written without care.
  std::string AnyText() {
    const char* kTexts[] = {
        "",    "~",    "null",  "true",  "no",         "012", "1e3",     "0x1F",       "1:30",     "-",
        "- a", "a: b", "a #b",  "#a",    "*a",         "&a",  "!a",      "@a",         "`a",       "%a",
        "{a}", "[a]",  "'a'",   "\"a\"", "a\\b",       " a",  "a ",      "a\nb\n",     "a\n\nb\n", "\na\n",
        "a\n", "a\tb", "\ta\n", "| a",   "> a",        "? a", "---",     "--- a\n",    "...\n",    "\xC3\xA9",
        "a,b", "a]",   "<<",    "=",     "2026-01-01", "5m",  "1.2.3.4", "a\n b\nc\n", "\x7F",     "a\nb"};
    return kTexts[Below(std::size(kTexts))];
  }

  std::mt19937_64 random_;
};

TEST(Export, ComesBackTheSameForAnyObject) {
  for (const Kind& kind : BuiltInKinds().all()) {
    RandomObject random(42);
    for (int i = 0; i < 100; ++i) {
      Object object(kind, random.Make(kind, i));
      for (const std::string& text :
           {ToYaml(object, Secrets::kShown), ToJson(object, Secrets::kShown), ToPrettyJson(object, Secrets::kShown)}) {
        ParseResult result = ParseText(text);
        ASSERT_TRUE(result.findings.empty()) << text << result.findings[0].ShortDebugString();
        ASSERT_EQ(result.objects.size(), 1u) << text;
        ASSERT_TRUE(SameContents(object, *result.objects[0])) << text << object.message().ShortDebugString();
        ASSERT_EQ(ToYaml(object, Secrets::kShown), ToYaml(*result.objects[0], Secrets::kShown));
      }
    }
  }
}

TEST(Export, WritesAStatusWithNumbersAndWhatTheGatewayApiRequires) {
  v1::GatewayStatus status;
  v1::ListenerStatus& listener = *status.add_listeners();
  listener.set_name("http");
  v1::Condition& condition = *listener.add_conditions();
  condition.set_type("Accepted");
  condition.set_status("True");
  condition.set_observed_generation(12'345'678'901);
  EXPECT_EQ(ToJson(status),
            "{\"listeners\": [{\"name\": \"http\", \"attachedRoutes\": 0, \"conditions\": [{\"type\": \"Accepted\", "
            "\"status\": \"True\", \"observedGeneration\": 12345678901, \"reason\": \"\", \"message\": \"\"}]}]}");
}

TEST(Export, ShowsATerminalNothingItWouldObey) {
  ParseResult result =
      ParseText("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {x: \"a\\x9b2J\\u202Eb\\n\"}\n");
  ASSERT_EQ(result.objects.size(), 1u);
  EXPECT_NE(ToYaml(*result.objects[0]).find("  x: \"a\\u009b2J\\u202eb\\n\"\n"), std::string::npos);
  EXPECT_NE(ToJson(*result.objects[0]).find("{\"x\": \"a\\u009b2J\\u202eb\\n\"}"), std::string::npos);
}

}  // namespace
}  // namespace penstock::manifests
