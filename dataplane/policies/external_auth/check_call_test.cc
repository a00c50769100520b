#include "dataplane/policies/external_auth/check_call.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dataplane/policies/external_auth/testing.h"
#include "google/protobuf/text_format.h"
#include "google/protobuf/util/message_differencer.h"
#include "proto/authorization/check.pb.h"

namespace penstock::policies {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::shared_ptr<const ExternalAuthConfig> Config(const std::string& text) {
  xds::v1::ExternalAuth message;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString("protocol: GRPC " + text, &message));
  return *ExternalAuthConfig::Compile(message);
}

authorization::v3::CheckRequest Asked(const std::string& config, TestExchange& x) {
  auto compiled = Config(config);
  std::string content = CheckContent(MakeQuestion(*compiled, *x), *compiled);
  authorization::v3::CheckRequest request;
  EXPECT_TRUE(request.ParseFromString(content.substr(5)));
  EXPECT_EQ(content, Framed(content.substr(5)));
  return request;
}

void ExpectEqual(const authorization::v3::CheckRequest& asked, const std::string& text) {
  authorization::v3::CheckRequest wanted;
  ASSERT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &wanted));
  EXPECT_TRUE(google::protobuf::util::MessageDifferencer::Equals(asked, wanted)) << asked.DebugString();
}

const TestRequest kRequest{.method = "POST",
                           .path = "/orders",
                           .fields = {{"cookie", "a=1"}, {"cookie", "b=2"}, {"accept", "x"}, {"accept", "y"}},
                           .seconds = 7};

void Fill(TestExchange& x, const ConnectionInfo& connection) {
  x->request.authority = "shop.example:8080";
  x->request.scheme = "https";
  x->request.query = "page=2";
  x->request.has_query = true;
  x->request.framing = {http::Framing::Kind::kLength, 12};
  x->connection = &connection;
  x->listener_port = "8080";
  x->peer_address_text = "192.0.2.1:4711";
  x->id_text = "id-1";
}

TEST(CheckCall, TellsTheServiceWhoAsksForWhat) {
  ConnectionInfo connection;
  connection.client_identity = "spiffe://shop/mobile";
  TestExchange x(kRequest);
  Fill(x, connection);
  ExpectEqual(Asked("context_extensions { key: 'place' value: 'edge' }", x), R"pb(
    attributes {
      source {
        address { socket_address { address: "192.0.2.1" port_value: 4711 } }
        principal: "spiffe://shop/mobile"
      }
      destination { address { socket_address { port_value: 8080 } } }
      request {
        time { seconds: 7 }
        http {
          id: "id-1"
          method: "POST"
          headers { key: "cookie" value: "a=1; b=2" }
          headers { key: "accept" value: "x,y" }
          path: "/orders?page=2"
          host: "shop.example:8080"
          scheme: "https"
          size: 12
          protocol: "HTTP/1.1"
        }
      }
      context_extensions { key: "place" value: "edge" }
    })pb");
}

TEST(CheckCall, TellsNothingOfOneRequestWhereAnswersAreKept) {
  ConnectionInfo connection;
  TestExchange x(kRequest);
  Fill(x, connection);
  authorization::v3::CheckRequest asked = Asked("request_headers: 'accept' cache_ttl { seconds: 5 }", x);
  EXPECT_EQ(asked.attributes().source().address().socket_address().port_value(), 0u);
  EXPECT_FALSE(asked.attributes().request().has_time());
  EXPECT_EQ(asked.attributes().request().http().id(), "");
  EXPECT_EQ(asked.attributes().request().http().size(), -1);
  EXPECT_EQ(asked.attributes().request().http().headers_size(), 1);
}

TEST(CheckCall, TellsTextThatIsNoUtf8AsUtf8) {
  TestRequest request{.fields = {{"x-name", "J\xf6rg"}}};
  TestExchange x(request);
  EXPECT_EQ(Asked("", x).attributes().request().http().headers().at("x-name"), "J\xEF\xBF\xBDrg");
}

// What a service says, and what is made of it.
class CheckAnswer : public ::testing::Test {
 protected:
  StatusOr<Answer> Read(const std::string& text) {
    service.Say(text);
    service.answer.content = service.content;
    return ReadCheckAnswer(service.answer, arena);
  }
  std::string Failure(const std::string& text) { return Read(text).status().ToString(); }
  // NAME: VALUE of fields that were made from a list that has one of each action's field already.
  static std::vector<std::string> Applied(std::span<const FieldEdit> edits) {
    http::Headers headers;
    headers.Add("x-there", "old");
    Apply(edits, headers);
    std::vector<std::string> lines;
    for (const http::Field& field : headers) lines.push_back(StrCat(field.name(), ": ", field.value()));
    return lines;
  }

  FakeService service;
  Arena arena;
};

TEST_F(CheckAnswer, ChangesFieldsInTheWaysThatAServiceCanName) {
  struct Row {
    const char* option;
    std::vector<std::string> fields;
  };
  const Row kRows[] = {
      {"header { key: 'x-there' value: 'new' }", {"x-there: new"}},
      {"header { key: 'x-there' value: 'new' } append { }", {"x-there: new"}},
      {"header { key: 'x-there' value: 'new' } append { value: true }", {"x-there: old", "x-there: new"}},
      {"header { key: 'x-there' value: 'new' } append_action: ADD_IF_ABSENT", {"x-there: old"}},
      {"header { key: 'x-there' value: 'new' } append_action: OVERWRITE_IF_EXISTS_OR_ADD", {"x-there: new"}},
      {"header { key: 'x-there' value: 'new' } append_action: OVERWRITE_IF_EXISTS", {"x-there: new"}},
      {"header { key: 'x-new' value: '1' } append_action: OVERWRITE_IF_EXISTS", {"x-there: old"}},
      {"header { key: 'x-new' value: '1' } append_action: ADD_IF_ABSENT", {"x-there: old", "x-new: 1"}},
      {"header { key: 'X-New' raw_value: '1' }", {"x-there: old", "x-new: 1"}},
  };
  for (const Row& row : kRows) {
    StatusOr<Answer> answer = Read(StrCat("ok_response { headers { ", row.option, " } }"));
    ASSERT_TRUE(answer.ok()) << answer.status();
    EXPECT_EQ(Applied(answer->to_backend), row.fields) << row.option;
  }
  EXPECT_TRUE(Applied(Read("ok_response { headers_to_remove: 'X-There' }")->to_backend).empty());
}

TEST_F(CheckAnswer, AddsToResponsesUnlessTheServiceSaysOtherwise) {
  EXPECT_THAT(
      Applied(Read("ok_response { response_headers_to_add { header { key: 'x-there' value: '2' } } }")->to_client),
      ElementsAre("x-there: old", "x-there: 2"));
}

TEST_F(CheckAnswer, LeavesAloneWhatFramesAMessageOrEndsAtAHop) {
  StatusOr<Answer> answer = Read(R"pb(
    ok_response {
      headers { header { key: "content-length" value: "5" } }
      headers { header { key: "Transfer-Encoding" value: "chunked" } }
      headers { header { key: "host" value: "inside" } }
      headers { header { key: ":path" value: "/admin" } }
      headers { header { key: "connection" value: "x-user" } }
      headers_to_remove: [ "host", ":authority", "te" ]
      response_headers_to_add { header { key: "content-length" value: "5" } }
    })pb");
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_TRUE(answer->to_backend.empty());
  EXPECT_TRUE(answer->to_client.empty());
}

TEST_F(CheckAnswer, IsNoneWithAFieldThatNoMessageCanHave) {
  for (const char* header : {"key: 'x y' value: '1'", "value: '1'", "key: 'x' value: 'a\\r\\nb'",
                             "key: 'x' value: 'a\\000'", "key: 'x' value: ' a'"}) {
    EXPECT_THAT(Failure(StrCat("ok_response { headers { header { ", header, " } } }")),
                HasSubstr("no message can have"));
    EXPECT_THAT(Failure(StrCat("status { code: 7 } denied_response { headers { header { ", header, " } } }")),
                HasSubstr("no message can have"));
  }
}

TEST_F(CheckAnswer, IsNoneWithMoreChangesThanAMessageHasFields) {
  std::string many;
  for (int i = 0; i <= kMaxFieldEdits; ++i) many += StrCat("headers_to_remove: 'x", i, "' ");
  EXPECT_THAT(Failure(StrCat("ok_response { ", many, "}")), HasSubstr("more than 100 changes"));
}

TEST_F(CheckAnswer, IsNoneIfItWantsWhatIsNotDoneHere) {
  EXPECT_THAT(Failure("ok_response { query_parameters_to_remove: 'token' }"), HasSubstr("query"));
  EXPECT_THAT(Failure("ok_response { query_parameters_to_set { key: 'a' } }"), HasSubstr("query"));
  EXPECT_THAT(Failure("denied_response { }"), HasSubstr("says OK, and how to refuse"));
  EXPECT_THAT(Failure("status { code: 13 } error_response { }"), HasSubstr("could not decide"));
}

TEST_F(CheckAnswer, ThatRefusesHasAStatusThatClientsKnow) {
  EXPECT_EQ(Read("status { code: 7 }")->status, 403);
  EXPECT_EQ(Read("status { code: 16 } denied_response { status { code: 401 } }")->status, 401);
  for (const char* code : {"0", "100", "199", "600", "-1"}) {
    EXPECT_EQ(Read(StrCat("status { code: 7 } denied_response { status { code: ", code, " } }"))->status, 403) << code;
  }
  EXPECT_EQ(Read("status { code: 99 }")->said, "a status that gRPC does not have");
}

TEST_F(CheckAnswer, ThatSetsACookieIsForOneClient) {
  EXPECT_FALSE(Read("status { code: 7 }")->for_one);
  EXPECT_TRUE(
      Read("status { code: 7 } denied_response { headers { header { key: 'Set-Cookie' value: 'a' } } }")->for_one);
  EXPECT_TRUE(Read("ok_response { response_headers_to_add { header { key: 'set-cookie' value: 'a' } } }")->for_one);
}

TEST_F(CheckAnswer, IsOneWholeMessageOfACallThatSucceeded) {
  auto read = [&](int status, int grpc_status, std::string_view content) {
    service.answer.status = status;
    service.answer.grpc_status = grpc_status;
    service.answer.content = content;
    return ReadCheckAnswer(service.answer, arena).status().ToString();
  };
  std::string good = Framed("");
  EXPECT_EQ(read(200, 0, good), "OK");
  EXPECT_THAT(read(200, 7, good), HasSubstr("PERMISSION_DENIED")) << "a call that failed is no refusal";
  EXPECT_THAT(read(404, 12, good), HasSubstr("UNIMPLEMENTED (HTTP 404)"));
  EXPECT_THAT(read(200, 0, ""), HasSubstr("without a message"));
  EXPECT_THAT(read(200, 0, good.substr(0, 4)), HasSubstr("without a message"));
  EXPECT_THAT(read(200, 0, std::string_view("\1\0\0\0\0", 5)), HasSubstr("compressed"));
  EXPECT_THAT(read(200, 0, good + good), HasSubstr("one message"));
  EXPECT_THAT(read(200, 0, std::string_view("\0\377\377\377\377", 5)), HasSubstr("one message"));
  EXPECT_THAT(read(200, 0, Framed("\x0a\xff")), HasSubstr("no CheckResponse"));
}

}  // namespace
}  // namespace penstock::policies
