// The signed examples of RFC 7515 (appendix A), RFC 8037 (appendix A.4) and RFC 7520 (section 4).
#include <gtest/gtest.h>

#include "dataplane/base/strings.h"
#include "dataplane/jose/base64url.h"
#include "dataplane/jose/claims.h"
#include "dataplane/jose/key_set.h"
#include "dataplane/jose/testing.h"

namespace penstock::jose {
namespace {

using testing::Flipped;
using testing::JwksOf;

struct Example {
  const char* where;
  const char* jwk;  // the public members
  Algorithm algorithm;
  const char* header;
  const char* payload;
  const char* signature;
};

#define RFC7515_JOE "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
#define RFC7520_FRODO                                              \
  "SXTigJlzIGEgZGFuZ2Vyb3VzIGJ1c2luZXNzLCBGcm9kbywgZ29pbmcgb3V0IH" \
  "lvdXIgZG9vci4gWW91IHN0ZXAgb250byB0aGUgcm9hZCwgYW5kIGlmIHlvdSBk" \
  "b24ndCBrZWVwIHlvdXIgZmVldCwgdGhlcmXigJlzIG5vIGtub3dpbmcgd2hlcm" \
  "UgeW91IG1pZ2h0IGJlIHN3ZXB0IG9mZiB0by4"
#define RFC7520_RSA                                                                                         \
  R"({"kty":"RSA","kid":"bilbo.baggins@hobbiton.example","use":"sig","e":"AQAB","n":")"                     \
  "n4EPtAOCc9AlkeQHPzHStgAbgs7bTZLwUBZdR8_KuKPEHLd4rHVTeT-O-XV2jRojdNhxJWTDvNd7nqQ0VEiZQHz_AJmSCpMaJMRBSFK" \
  "rKb2wqVwGU_NsYOYL-QtiWN2lbzcEe6XC0dApr5ydQLrHqkHHig3RBordaZ6Aj-oBHqFEHYpPe7Tpe-OfVfHd1E6cS6M1FZcD1NNLY"  \
  "D5lFHpPI9bTwJlsde3uhGqC0ZCuEHg8lhzwOHrtIQbS0FVbb9k3-tVTU4fg_3L_vniUFAKwuCLqKnS2BYwdq_mzSnbLY7h_qixoR7ji" \
  "g3__kRhuaxwUkRz5iaiQkqgc5gHdrNP5zw\"}"

const Example kExamples[] = {
    {"RFC 7515 A.1",
     R"({"kty":"oct","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"})",
     Algorithm::kHs256, "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9", RFC7515_JOE,
     "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"},
    {"RFC 7515 A.2",
     R"({"kty":"RSA","e":"AQAB","n":")"
     "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-S"
     "Fd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-"
     "UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2e"
     "thFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ\"}",
     Algorithm::kRs256, "eyJhbGciOiJSUzI1NiJ9", RFC7515_JOE,
     "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7"
     "AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4"
     "BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K"
     "0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqv"
     "hJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrB"
     "p0igcN_IoypGlUPQGe77Rw"},
    {"RFC 7515 A.3",
     R"({"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",)"
     R"("y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"})",
     Algorithm::kEs256, "eyJhbGciOiJFUzI1NiJ9", RFC7515_JOE,
     "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"},
    {"RFC 7515 A.4",
     R"({"kty":"EC","crv":"P-521",)"
     R"("x":"AekpBQ8ST8a8VcfVOTNl353vSrDCLLJXmPk06wTjxrrjcBpXp5EOnYG_NjFZ6OvLFV1jSfS9tsz4qUxcWceqwQGk",)"
     R"("y":"ADSmRA43Z1DSNx_RvcLI87cdL07l6jQyyBXMoxVg_l2Th-x3S1WDhjDly79ajL4Kkd0AZMaZmh9ubmf63e3kyMj2"})",
     Algorithm::kEs512, "eyJhbGciOiJFUzUxMiJ9", "UGF5bG9hZA",
     "AdwMgeerwtHoh-l192l60hp9wAHZFVJbLfD_UxMi70cwnZOYaRI1bKPWROc-mZZq"
     "wqT2SI-KGDKB34XO0aw_7XdtAG8GaSwFKdCAPZgoXD2YBJZCPEX3xKpRwcdOO8Kp"
     "EHwJjyqOgzDO7iKvU8vcnwNrmxYbSW9ERBXukOXolLzeO_Jn"},
    {"RFC 8037 A.4", R"({"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"})",
     Algorithm::kEdDsa, "eyJhbGciOiJFZERTQSJ9", "RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc",
     "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"},
    {"RFC 7520 4.1", RFC7520_RSA, Algorithm::kRs256,
     "eyJhbGciOiJSUzI1NiIsImtpZCI6ImJpbGJvLmJhZ2dpbnNAaG9iYml0b24uZXhhbXBsZSJ9", RFC7520_FRODO,
     "MRjdkly7_-oTPTS3AXP41iQIGKa80A0ZmTuV5MEaHoxnW2e5CZ5NlKtainoFmK"
     "ZopdHM1O2U4mwzJdQx996ivp83xuglII7PNDi84wnB-BDkoBwA78185hX-Es4J"
     "IwmDLJK3lfWRa-XtL0RnltuYv746iYTh_qHRD68BNt1uSNCrUCTJDt5aAE6x8w"
     "W1Kt9eRo4QPocSadnHXFxnt8Is9UzpERV0ePPQdLuW3IS_de3xyIrDaLGdjluP"
     "xUAhb6L2aXic1U12podGU0KLUQSE_oI-ZnmKJ3F4uOZDnd6QZWJushZ41Axf_f"
     "cIe8u9ipH84ogoree7vjbU5y18kDquDg"},
    {"RFC 7520 4.2", RFC7520_RSA, Algorithm::kPs384,
     "eyJhbGciOiJQUzM4NCIsImtpZCI6ImJpbGJvLmJhZ2dpbnNAaG9iYml0b24uZXhhbXBsZSJ9", RFC7520_FRODO,
     "cu22eBqkYDKgIlTpzDXGvaFfz6WGoz7fUDcfT0kkOy42miAh2qyBzk1xEsnk2I"
     "pN6-tPid6VrklHkqsGqDqHCdP6O8TTB5dDDItllVo6_1OLPpcbUrhiUSMxbbXU"
     "vdvWXzg-UD8biiReQFlfz28zGWVsdiNAUf8ZnyPEgVFn442ZdNqiVJRmBqrYRX"
     "e8P_ijQ7p8Vdz0TTrxUeT3lm8d9shnr2lfJT8ImUjvAA2Xez2Mlp8cBE5awDzT"
     "0qI0n6uiP1aCN_2_jLAeQTlqRHtfa64QQSUmFAAjVKPbByi7xho0uTOcbH510a"
     "6GYmJUAfmWjwZ6oD4ifKo8DYM-X72Eaw"},
    {"RFC 7520 4.3",
     R"({"kty":"EC","kid":"bilbo.baggins@hobbiton.example","use":"sig","crv":"P-521",)"
     R"("x":"AHKZLLOsCOzz5cY97ewNUajB957y-C-U88c3v13nmGZx6sYl_oJXu9A5RkTKqjqvjyekWF-7ytDyRXYgCF5cj0Kt",)"
     R"("y":"AdymlHvOiLxXkEhayXQnNCvDX4h9htZaCJN34kfmC6pV5OhQHiraVySsUdaQkAgDPrwQrJmbnX9cwlGfP-HqHZR1"})",
     Algorithm::kEs512, "eyJhbGciOiJFUzUxMiIsImtpZCI6ImJpbGJvLmJhZ2dpbnNAaG9iYml0b24uZXhhbXBsZSJ9", RFC7520_FRODO,
     "AE_R_YZCChjn4791jSQCrdPZCNYqHXCTZH0-JZGYNlaAjP2kqaluUIIUnC9qvb"
     "u9Plon7KRTzoNEuT4Va2cmL1eJAQy3mtPBu_u_sDDyYjnAMDxXPn7XrT0lw-kv"
     "AD890jl8e2puQens_IEKBpHABlsbEPX6sFY8OcGDqoRuBomu9xQ2"},
    {"RFC 7520 4.4",
     R"({"kty":"oct","kid":"018c0ae5-4d9b-471b-bfd6-eef314bc7037","use":"sig","alg":"HS256",)"
     R"("k":"hJtXIZ2uSN5kbQfbtTNWbpdmhkV8FJG-Onbc6mxCcYg"})",
     Algorithm::kHs256, "eyJhbGciOiJIUzI1NiIsImtpZCI6IjAxOGMwYWU1LTRkOWItNDcxYi1iZmQ2LWVlZjMxNGJjNzAzNyJ9",
     RFC7520_FRODO, "s0h6KThzkfBBBkLspW1h84VsJZFTsPPqMDA7g1Md7p0"},
};

TEST(RfcExamples, AreVerifiedAndTheirChangesAreNot) {
  for (const Example& example : kExamples) {
    StatusOr<KeySet> set = KeySet::Parse(JwksOf({example.jwk}));
    ASSERT_TRUE(set.ok()) << example.where << ": " << set.status();
    const Key& key = set->keys().front();
    std::string input = StrCat(example.header, ".", example.payload);
    std::string signature = DecodeBase64url(example.signature).value_or("");
    EXPECT_TRUE(key.Verify(example.algorithm, input, signature)) << example.where;
    EXPECT_FALSE(key.Verify(example.algorithm, input, Flipped(signature, signature.size() / 2))) << example.where;
    EXPECT_FALSE(key.Verify(example.algorithm, Flipped(input, 5), signature)) << example.where;
  }
}

TEST(RfcExamples, WithClaimsAreTokens) {
  for (const Example& example : std::span(kExamples).first(3)) {
    StatusOr<Token> token = ParseToken(StrCat(example.header, ".", example.payload, ".", example.signature));
    ASSERT_TRUE(token.ok()) << example.where << ": " << token.status();
    EXPECT_EQ(token->algorithm, example.algorithm);
    EXPECT_EQ(token->claims.root().Find("http://example.com/is_root")->boolean(), true);
    EXPECT_EQ(token->claims.root().FindPath("http://example.com/is_root")->boolean(), true);
    EXPECT_EQ(CheckIssuer(token->claims.root(), "joe"), Fault::kNone);
    EXPECT_EQ(ReadDates(token->claims.root())->expires, WallTime(std::chrono::seconds(1300819380)));
    EXPECT_EQ(KeySet::Parse(JwksOf({example.jwk}))->Check(*token), Proof::kGood);
  }
}

TEST(RfcExamples, WithoutClaimsAreNoTokens) {
  for (const Example& example : std::span(kExamples).subspan(3)) {
    EXPECT_FALSE(ParseToken(StrCat(example.header, ".", example.payload, ".", example.signature)).ok())
        << example.where;
  }
}

// RFC 7515 A.5
TEST(RfcExamples, OfAnUnsecuredTokenIsRefused) {
  EXPECT_EQ(ParseToken("eyJhbGciOiJub25lIn0." RFC7515_JOE ".").status().message(),
            "token: alg is none that may be used");
}

// RFC 7515 E
TEST(RfcExamples, OfACriticalExtensionIsRefused) {
  EXPECT_EQ(
      ParseToken("eyJhbGciOiJub25lIiwNCiAiY3JpdCI6WyJodHRwOi8vZXhhbXBsZS5jb20vVU5ERUZJTkVEIl0sDQogImh0dHA6Ly9leGFtcGxl"
                 "LmNvbS9VTkRFRklORUQiOnRydWUNCn0.RkFJTA.")
          .status()
          .message(),
      "token: the header demands an extension (crit)");
}

}  // namespace
}  // namespace penstock::jose
