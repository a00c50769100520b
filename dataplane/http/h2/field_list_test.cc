#include "dataplane/http/h2/field_list.h"

#include <gtest/gtest.h>

#include <string>

#include "dataplane/http/h2/testing.h"

namespace penstock::http::h2 {
namespace {

using testing::FieldTexts;

FieldTexts Texts(const FieldList& list) {
  FieldTexts texts;
  for (size_t i = 0; i < list.size(); ++i) {
    const nghttp2_nv& field = list.data()[i];
    texts.emplace_back(std::string(reinterpret_cast<char*>(field.name), field.namelen),
                       std::string(reinterpret_cast<char*>(field.value), field.valuelen));
  }
  return texts;
}

TEST(FieldList, HoldsStatusFieldsAndLength) {
  ResponseHead head;
  head.status = 200;
  head.framing = {Framing::Kind::kLength, 18446744073709551615ull};
  head.headers.Add("x", " y\t");
  FieldList list;
  ASSERT_TRUE(list.SetResponse(head));
  EXPECT_EQ(Texts(list), (FieldTexts{{":status", "200"}, {"x", "y"}, {"content-length", "18446744073709551615"}}));
}

TEST(FieldList, NeverHoldsAFieldThatSpeaksAboutAConnection) {
  ResponseHead head;
  head.status = 200;
  head.framing.kind = Framing::Kind::kChunked;
  for (const char* name : {"connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade", "te",
                           "http2-settings", "content-length", "host"}) {
    head.headers.Add(name, "x");
  }
  FieldList list;
  ASSERT_TRUE(list.SetResponse(head));
  EXPECT_EQ(Texts(list), (FieldTexts{{":status", "200"}}));
}

TEST(FieldList, TellsTheLengthOnlyWhereHttpAllowsIt) {
  ResponseHead none;
  none.status = 204;
  none.framing = {Framing::Kind::kLength, 0};
  FieldList list;
  ASSERT_TRUE(list.SetResponse(none));
  EXPECT_EQ(list.size(), 1u);
  ResponseHead head;
  head.status = 304;
  head.declared_length = 12;
  ASSERT_TRUE(list.SetResponse(head));
  EXPECT_EQ(Texts(list)[1], (FieldTexts::value_type{"content-length", "12"}));
}

TEST(FieldList, RefusesBytesThatNoFieldMayHold) {
  const std::string nul("a\0b", 3);
  const FieldTexts kBad = {{"x y", "z"}, {"X", "z"}, {"", "z"}, {"x:", "z"}, {"x", "a\r\nb"}, {"x", nul}};
  for (const auto& [name, value] : kBad) {
    ResponseHead head;
    head.status = 200;
    head.headers.Add(name, value);
    FieldList list;
    EXPECT_FALSE(list.SetResponse(head)) << name << ": " << value;
  }
}

TEST(FieldList, StripsTrailersOfWhatMayNotBeThere) {
  Headers trailers;
  trailers.Add("grpc-status", "0");
  trailers.Add("content-length", "5");
  trailers.Add("set-cookie", "a=b");
  FieldList list;
  ASSERT_TRUE(list.SetTrailers(trailers));
  EXPECT_EQ(Texts(list), (FieldTexts{{"grpc-status", "0"}}));
}

}  // namespace
}  // namespace penstock::http::h2
