#include "controlplane/translator/pem.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace penstock::translator {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr char kCertificate[] = "-----BEGIN CERTIFICATE-----\nMIIB\nAA==\n-----END CERTIFICATE-----\n";
constexpr char kKey[] = "-----BEGIN PRIVATE KEY-----\r\nMIIB\r\n-----END PRIVATE KEY-----\r\n";

TEST(Pem, FindsTheBlocksBetweenComments) {
  std::string text = std::string("subject=shop\n") + kCertificate + "\nand its key:\n" + kKey;
  EXPECT_THAT(PemLabels(text).value(), ElementsAre("CERTIFICATE", "PRIVATE KEY"));
  EXPECT_TRUE(PemLabels("nothing of the kind").value().empty());
}

TEST(Pem, RefusesBlocksThatAreBroken) {
  EXPECT_FALSE(PemLabels("-----BEGIN CERTIFICATE-----\nMIIB\n").has_value());
  EXPECT_FALSE(PemLabels("-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n").has_value());
  EXPECT_FALSE(PemLabels("-----BEGIN CERTIFICATE-----\nMIIB\n-----END PRIVATE KEY-----\n").has_value());
  EXPECT_FALSE(PemLabels("-----BEGIN CERTIFICATE-----\n<html>\n-----END CERTIFICATE-----\n").has_value());
}

TEST(Pem, TakesChainsOfCertificatesOnly) {
  EXPECT_EQ(CertificatesProblem(std::string(kCertificate) + kCertificate), "");
  EXPECT_THAT(CertificatesProblem(std::string(kCertificate) + kKey), HasSubstr("PRIVATE KEY"));
  EXPECT_THAT(CertificatesProblem("MIIB"), HasSubstr("no PEM"));
  EXPECT_THAT(CertificatesProblem(""), HasSubstr("no PEM"));
}

TEST(Pem, TakesKeysThatNeedNoPassword) {
  EXPECT_EQ(PrivateKeyProblem(kKey), "");
  EXPECT_EQ(PrivateKeyProblem("-----BEGIN EC PARAMETERS-----\nBg==\n-----END EC PARAMETERS-----\n"
                              "-----BEGIN EC PRIVATE KEY-----\nMHc=\n-----END EC PRIVATE KEY-----\n"),
            "");
  EXPECT_THAT(PrivateKeyProblem(kCertificate), HasSubstr("no private key"));
  EXPECT_THAT(PrivateKeyProblem("-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIIB\n-----END ENCRYPTED PRIVATE KEY-----\n"),
              HasSubstr("password"));
  EXPECT_THAT(PrivateKeyProblem("-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\n"
                                "MIIB\n-----END RSA PRIVATE KEY-----\n"),
              HasSubstr("password"));
}

}  // namespace
}  // namespace penstock::translator
