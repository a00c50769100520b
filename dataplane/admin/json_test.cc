#include "dataplane/admin/json.h"

#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>

namespace penstock::admin {
namespace {

TEST(JsonWriter, IndentsObjectsAndArrays) {
  JsonWriter json;
  json.BeginObject();
  json.Field("name", "a\"\n");
  json.Key("list");
  json.BeginArray();
  json.Number(int64_t{-1});
  json.Bool(true);
  json.EndArray();
  json.Key("empty");
  json.BeginArray();
  json.EndArray();
  json.EndObject();
  std::string text = json.Take();
  EXPECT_EQ(text, R"({
  "name": "a\"\u000a",
  "list": [
    -1,
    true
  ],
  "empty": []
}
)");
  google::protobuf::Struct parsed;
  EXPECT_TRUE(google::protobuf::util::JsonStringToMessage(text, &parsed).ok());
}

}  // namespace
}  // namespace penstock::admin
