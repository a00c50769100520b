#include "dataplane/policies/basic/basic_credentials.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "dataplane/base/strings.h"
#include "dataplane/http/grpc/web.h"

namespace penstock::policies {
namespace {

using State = AuthResult::State;

std::string Base64(std::string_view bytes) {
  std::string text(http::grpc::Base64Size(bytes.size()), '\0');
  text.resize(http::grpc::EncodeBase64(bytes, text));
  return text;
}

class BasicCredentialsTest : public ::testing::Test {
 protected:
  BasicCredentials Find(std::vector<std::string> values) {
    request.headers.Clear();
    for (const std::string& value : values) request.headers.Add("authorization", arena.Copy(value));
    return FindBasicCredentials(request, arena);
  }

  http::RequestHead request;
  Arena arena;
};

TEST_F(BasicCredentialsTest, ReadsAUserAndAPassword) {
  // RFC 7617 2 and 2.1.
  BasicCredentials found = Find({"Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="});
  EXPECT_EQ(found.result.state, State::kAssumed);
  EXPECT_EQ(found.user, "Aladdin");
  EXPECT_EQ(found.password, "open sesame");
  found = Find({"bAsIc   dGVzdDoxMjPCow=="});
  EXPECT_EQ(found.user, "test");
  EXPECT_EQ(found.password, "123\xc2\xa3");
  found = Find({"Basic " + Base64("a:b:c:")});
  EXPECT_EQ(found.user, "a");
  EXPECT_EQ(found.password, "b:c:") << "a password may have colons";
}

TEST_F(BasicCredentialsTest, TakesNoOtherSchemeForAPassword) {
  for (const char* value : {"Bearer QTpi", "Basic", "Basically QTpi", "QTpi", ""}) {
    EXPECT_EQ(Find({value}).result.state, State::kMissing) << value;
  }
  EXPECT_EQ(Find({}).result.state, State::kMissing);
}

TEST_F(BasicCredentialsTest, TakesTwoFieldsForNone) {
  for (const char* other : {"Basic QTpi", "Bearer abc", ""}) {
    EXPECT_EQ(Find({"Basic QTpi", other}).result.state, State::kInvalid) << other;
    EXPECT_EQ(Find({other, "Basic QTpi"}).result.state, State::kInvalid) << other;
  }
}

TEST_F(BasicCredentialsTest, RefusesWhatHasTwoReadings) {
  const std::pair<std::string, const char*> kRows[] = {
      {"QTp", "base64"},                       // no padding
      {"QTpi=", "base64"},                     // too much of it
      {"QTpi====", "base64"},                  //
      {"QT=i", "base64"},                      // inside
      {"QTo=QTo=", "base64"},                  //
      {"QT pi", "base64"},                     // blanks
      {"QTpi QTpi", "base64"},                 //
      {"QTpi,QTpi", "base64"},                 //
      {"QTr=", "base64"},                      // bits left over
      {"Qb==", "base64"},                      //
      {"QT-_", "base64"},                      // the other alphabet
      {"=", "base64"},                         //
      {"====", "base64"},                      //
      {"\xff\xff\xff\xff", "base64"},          //
      {Base64("nocolon"), "no colon"},         //
      {Base64(":password"), "name is empty"},  //
      {Base64("user:"), "password is empty"},  //
      {Base64(std::string("us\0er:p", 7)), "name has a control"},
      {Base64(std::string("user:p\0", 7)), "password has a control"},
      {Base64("user:p\n"), "password has a control"},
      {Base64("us\x7f:p"), "name has a control"},
      {Base64("us\xff:p"), "not UTF-8"},
      {Base64("us\xc0\xaf:p"), "not UTF-8"},
      {Base64(std::string(257, 'u') + ":p"), "more than 256 bytes"},
      {Base64("u:" + std::string(512, 'p')), "more than 511 bytes"},
      {Base64(std::string(800, 'u') + ":p"), "too long"},
  };
  for (const auto& [value, why] : kRows) {
    BasicCredentials found = Find({"Basic " + value});
    EXPECT_EQ(found.result.state, State::kInvalid) << value;
    EXPECT_NE(found.result.why.find(why), std::string_view::npos) << found.result.why << " of " << value;
    EXPECT_TRUE(found.user.empty() && found.password.empty());
  }
}

TEST_F(BasicCredentialsTest, TakesTheLongestThereMayBe) {
  BasicCredentials found = Find({"Basic " + Base64(std::string(256, 'u') + ":" + std::string(511, 'p'))});
  EXPECT_EQ(found.result.state, State::kAssumed) << found.result.why;
  EXPECT_EQ(found.password.size(), 511u);
}

TEST_F(BasicCredentialsTest, RemovesWhatNobodyBehindShallTakeForAProof) {
  const std::pair<std::vector<std::string>, size_t> kRows[] = {{{"Basic QTpi"}, 0},
                                                               {{"basic nonsense"}, 0},
                                                               {{"Basic\tQTpi"}, 0},
                                                               {{"BasicQTpi"}, 0},
                                                               {{"Basic QTpi", "Bearer x"}, 0},
                                                               {{"Bearer x"}, 1},
                                                               {{}, 0}};
  for (const auto& [values, left] : kRows) {
    Find(values);
    RemoveBasicCredentials(request);
    EXPECT_EQ(request.headers.Count("authorization"), left);
  }
}

}  // namespace
}  // namespace penstock::policies
