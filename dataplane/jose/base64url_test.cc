#include "dataplane/jose/base64url.h"

#include <gtest/gtest.h>

namespace penstock::jose {
namespace {

TEST(Base64url, ReadsWhatItWrites) {
  std::string bytes;
  for (int i = 0; i < 300; ++i) {
    std::string text = EncodeBase64url(bytes);
    EXPECT_EQ(text.size(), (bytes.size() * 4 + 2) / 3);
    EXPECT_EQ(DecodeBase64url(text), bytes);
    bytes += static_cast<char>(i * 7);
  }
}

// RFC 4648 10, RFC 7515 appendix C.
TEST(Base64url, KnowsTheVectorsOfTheRfcs) {
  EXPECT_EQ(EncodeBase64url(""), "");
  EXPECT_EQ(EncodeBase64url("f"), "Zg");
  EXPECT_EQ(EncodeBase64url("fo"), "Zm8");
  EXPECT_EQ(EncodeBase64url("foo"), "Zm9v");
  EXPECT_EQ(EncodeBase64url("foobar"), "Zm9vYmFy");
  EXPECT_EQ(EncodeBase64url("\x03\xec\xff\xe0\xc1"), "A-z_4ME");
  EXPECT_EQ(DecodeBase64url("A-z_4ME"), "\x03\xec\xff\xe0\xc1");
}

TEST(Base64url, RefusesASecondTextForTheSameBytes) {
  for (const char* text : {"Zg==", "Zg=", "Zm8=", "Zh", "Zm9", "Z", "Zm9vY", "A+z/4ME", "Zm9v\n", " Zm9v", "Zm 9v",
                           "Zm9v.", "Zm9\xc3", "Zm9vZ==="}) {
    EXPECT_EQ(DecodeBase64url(text), std::nullopt) << text;
  }
  EXPECT_EQ(DecodeBase64url(std::string_view("Zm\0v", 4)), std::nullopt);
}

}  // namespace
}  // namespace penstock::jose
