#include "dataplane/http/grpc/status.h"

#include <gtest/gtest.h>

namespace penstock::http::grpc {
namespace {

using namespace std::chrono_literals;

TEST(GrpcDialect, IsToldByTheMediaTypeWhateverFollowsIt) {
  struct Case {
    std::string_view content_type;
    Dialect dialect;
  };
  constexpr Case kCases[] = {
      {"application/grpc", Dialect::kGrpc},
      {"application/grpc+proto", Dialect::kGrpc},
      {"Application/gRPC+json; charset=utf-8", Dialect::kGrpc},
      {"application/grpc ;x", Dialect::kGrpc},
      {"application/grpc-web", Dialect::kWeb},
      {"application/grpc-web+proto", Dialect::kWeb},
      {"application/grpc-web-text", Dialect::kWebText},
      {"application/grpc-web-text+proto", Dialect::kWebText},
      {"", Dialect::kNone},
      {"application/json", Dialect::kNone},
      {"application/grpcx", Dialect::kNone},
      {"application/grpc-webx", Dialect::kNone},
      {"text/application/grpc", Dialect::kNone},
  };
  for (const Case& c : kCases) EXPECT_EQ(DialectOf(c.content_type), c.dialect) << c.content_type;
}

TEST(GrpcDialect, KeepsTheFormatOfTheMessages) {
  EXPECT_EQ(MessageFormatOf("application/grpc-web+proto; x=y"), "+proto");
  EXPECT_EQ(MessageFormatOf("application/grpc"), "");
  EXPECT_EQ(MessageFormatOf("application/grpc; a=+b"), "");
}

TEST(GrpcStatus, IsANumberOfAtMostThreeDigits) {
  EXPECT_EQ(ParseStatus("0"), 0);
  EXPECT_EQ(ParseStatus("16"), 16);
  EXPECT_EQ(ParseStatus("999"), 999);
  for (std::string_view bad : {"", "-1", "1000", "99999999999", "1x", " 1", "OK"})
    EXPECT_EQ(ParseStatus(bad), std::nullopt) << bad;
}

TEST(GrpcTimeout, TakesEveryUnitAndNothingElse) {
  EXPECT_EQ(ParseTimeout("1H"), 1h);
  EXPECT_EQ(ParseTimeout("2M"), 2min);
  EXPECT_EQ(ParseTimeout("3S"), 3s);
  EXPECT_EQ(ParseTimeout("4m"), 4ms);
  EXPECT_EQ(ParseTimeout("5u"), 5us);
  EXPECT_EQ(ParseTimeout("6n"), 6ns);
  for (std::string_view longest : {"99999999H", "99999999M"})
    EXPECT_EQ(ParseTimeout(longest), kLongestTimeout) << longest << ": would overflow in nanoseconds, or in a sum";
  EXPECT_EQ(ParseTimeout("99999999S"), 99999999s);
  for (std::string_view bad : {"", "S", "1", "-1S", "1.5S", "123456789S", "1s", "1 S", "S1"}) {
    EXPECT_EQ(ParseTimeout(bad), std::nullopt) << bad;
  }
}

TEST(GrpcMessage, IsPercentEncodedWhereItIsNotPrintable) {
  Arena arena;
  EXPECT_EQ(EncodeMessage("no such method", arena), "no such method");
  EXPECT_EQ(EncodeMessage("100%\n\xC3\xA9", arena), "100%25%0A%C3%A9");
}

TEST(GrpcCode, OfAnHttpStatusIsTheOneThatTheMappingNames) {
  EXPECT_EQ(CodeOfHttpStatus(400), Code::kInternal);
  EXPECT_EQ(CodeOfHttpStatus(401), Code::kUnauthenticated);
  EXPECT_EQ(CodeOfHttpStatus(403), Code::kPermissionDenied);
  EXPECT_EQ(CodeOfHttpStatus(404), Code::kUnimplemented);
  for (int status : {429, 502, 503, 504}) EXPECT_EQ(CodeOfHttpStatus(status), Code::kUnavailable) << status;
  EXPECT_EQ(CodeOfHttpStatus(418), Code::kUnknown);
  EXPECT_EQ(CodeText(Code::kUnauthenticated), "16");
}

}  // namespace
}  // namespace penstock::http::grpc
