#include "tools/cli/pki.h"

#include <gtest/gtest.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <memory>

#include "dataplane/base/key_pair.h"
#include "tools/cli/exit.h"

namespace penstock::cli {
namespace {

struct FreeX509 {
  void operator()(X509* x) const { X509_free(x); }
};
using Certificate = std::unique_ptr<X509, FreeX509>;

Certificate Read(const std::string& pem) {
  BIO* bio = BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()));
  Certificate certificate(PEM_read_bio_X509(bio, nullptr, nullptr, nullptr));
  BIO_free(bio);
  return certificate;
}

std::string UriOf(X509* certificate) {
  auto* names = static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr));
  std::string uri;
  for (int i = 0; i < sk_GENERAL_NAME_num(names); ++i) {
    GENERAL_NAME* name = sk_GENERAL_NAME_value(names, i);
    if (name->type != GEN_URI) continue;
    const ASN1_STRING* text = name->d.uniformResourceIdentifier;
    uri.assign(reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
               static_cast<size_t>(ASN1_STRING_length(text)));
  }
  GENERAL_NAMES_free(names);
  return uri;
}

bool Verifies(const KeyPair& ca, const KeyPair& leaf) {
  Certificate root = Read(ca.certificate), end = Read(leaf.certificate);
  X509_STORE* store = X509_STORE_new();
  X509_STORE_add_cert(store, root.get());
  X509_STORE_CTX* context = X509_STORE_CTX_new();
  X509_STORE_CTX_init(context, store, end.get(), nullptr);
  bool ok = X509_verify_cert(context) == 1;
  X509_STORE_CTX_free(context);
  X509_STORE_free(store);
  return ok;
}

constexpr absl::Duration kDay = absl::Hours(24);

TEST(Pki, IssuesWhatItsCaVerifiesAndNoOther) {
  KeyPair ca = *MakeCa("one", kDay), other = *MakeCa("one", kDay);
  KeyPair leaf = *Issue(ca, DataPlaneIdentity("edge-1"), kDay);
  EXPECT_TRUE(Verifies(ca, leaf));
  EXPECT_FALSE(Verifies(other, leaf));
}

TEST(Pki, NamesTheOwnerInAUri) {
  KeyPair ca = *MakeCa("ca", kDay);
  EXPECT_EQ(UriOf(Read(Issue(ca, DataPlaneIdentity("edge-1"), kDay)->certificate).get()),
            "spiffe://penstock/dataplane/edge-1");
  EXPECT_EQ(UriOf(Read(Issue(ca, OperatorIdentity("ada"), kDay)->certificate).get()), "spiffe://penstock/operator/ada");
}

TEST(Pki, NamesTheHostsOfAServer) {
  KeyPair ca = *MakeCa("ca", kDay);
  Certificate server = Read(Issue(ca, ControlPlaneIdentity({"127.0.0.1", "gw.internal"}), kDay)->certificate);
  EXPECT_EQ(UriOf(server.get()), "spiffe://penstock/controlplane");
  EXPECT_EQ(X509_check_ip_asc(server.get(), "127.0.0.1", 0), 1);
  EXPECT_EQ(X509_check_host(server.get(), "gw.internal", 0, 0, nullptr), 1);
  EXPECT_EQ(X509_check_host(server.get(), "other.internal", 0, 0, nullptr), 0);
}

TEST(Pki, RefusesHostsThatWouldChangeTheExtension) {
  KeyPair ca = *MakeCa("ca", kDay);
  EXPECT_EQ(ExitOf(Issue(ca, ControlPlaneIdentity({"a,URI:spiffe://penstock/operator/root"}), kDay).status()),
            Exit::kUsage);
  EXPECT_FALSE(IsPlainName("../ada"));
  EXPECT_FALSE(IsPlainName(""));
  EXPECT_TRUE(IsPlainName("edge-1.eu_west"));
}

TEST(Pki, RefusesTheKeyOfAnotherCa) {
  KeyPair ca = *MakeCa("ca", kDay);
  ca.key = MakeCa("other", kDay)->key;
  absl::Status status = Issue(ca, OperatorIdentity("ada"), kDay).status();
  EXPECT_FALSE(status.ok());
  EXPECT_EQ(std::string(status.message()).find("PRIVATE"), std::string::npos);
}

TEST(Pki, TellsAForeignKeyAndAnExpiredCertificateApart) {
  KeyPair ca = *MakeCa("ca", kDay);
  KeyPair ada = *Issue(ca, OperatorIdentity("ada"), kDay);
  EXPECT_TRUE(CheckKeyPair(ada.certificate, ada.key, absl::Now()).ok());
  absl::Status expired = CheckKeyPair(ada.certificate, ada.key, absl::Now() + 2 * kDay);
  EXPECT_EQ(ExitOf(expired), Exit::kUnreachable);
  EXPECT_NE(std::string(expired.message()).find("expired at"), std::string::npos);
  ada.key = Issue(ca, OperatorIdentity("eve"), kDay)->key;
  absl::Status foreign = CheckKeyPair(ada.certificate, ada.key, absl::Now());
  EXPECT_EQ(ExitOf(foreign), Exit::kUsage);
  EXPECT_EQ(foreign.message(), "the key does not belong to the certificate");
}

}  // namespace
}  // namespace penstock::cli
