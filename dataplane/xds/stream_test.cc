#include "dataplane/xds/stream.h"

#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "dataplane/base/test_certificates.h"
#include "dataplane/xds/subscriber.h"

namespace penstock::xds {
namespace {

// Sends every message back, then ends the stream at "bye".
class Echo final : public grpc::ServerGenericBidiReactor {
 public:
  Echo() { StartRead(&message_); }
  void OnReadDone(bool ok) override {
    if (!ok) return Finish(grpc::Status::OK);
    grpc::Slice slice;
    if (message_.TrySingleSlice(&slice).ok() && slice.size() == 3) {
      return Finish(grpc::Status(grpc::StatusCode::UNAVAILABLE, "going away"));
    }
    StartWrite(&message_);
  }
  void OnWriteDone(bool ok) override {
    if (!ok) return Finish(grpc::Status::OK);
    StartRead(&message_);
  }
  void OnDone() override { delete this; }

 private:
  grpc::ByteBuffer message_;
};

class EchoService final : public grpc::CallbackGenericService {
 public:
  grpc::ServerGenericBidiReactor* CreateReactor(grpc::GenericCallbackServerContext* context) override {
    EXPECT_EQ(context->method(), kDeltaMethod);
    return new Echo();
  }
};

std::string WriteFile(const std::string& name, const std::string& text) {
  std::string path = std::string(std::getenv("TEST_TMPDIR")) + "/" + name;
  std::ofstream(path) << text;
  chmod(path.c_str(), 0600);
  return path;
}

class StreamTest : public testing::Test {
 protected:
  // A control plane that shows a certificate with this name.
  void Serve(const std::string& uri) {
    TestCertificate certificate = ca_.Issue(uri);
    grpc::SslServerCredentialsOptions options(GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
    options.pem_root_certs = ca_.cert();
    options.pem_key_cert_pairs.push_back({certificate.key, certificate.cert});
    grpc::ServerBuilder builder;
    int port = 0;
    builder.AddListeningPort("127.0.0.1:0", grpc::SslServerCredentials(options), &port);
    builder.SetMaxReceiveMessageSize(static_cast<int>(kMaxMessageBytes));
    builder.RegisterCallbackGenericService(&service_);
    server_ = builder.BuildAndStart();
    address_ = "127.0.0.1:" + std::to_string(port);
  }

  TlsFiles FilesFrom(TestCa& ca) {
    TestCertificate mine = ca.Issue("spiffe://penstock/dataplane/edge-1");
    return {WriteFile("cert.pem", mine.cert), WriteFile("key.pem", mine.key), WriteFile("ca.pem", ca_.cert())};
  }

  std::unique_ptr<Stream> Open(const TlsFiles& files) {
    auto credentials = MakeCredentials(files);
    EXPECT_TRUE(credentials.ok()) << credentials.status();
    return Stream::Open(address_, *credentials);
  }

  TestCa ca_;
  EchoService service_;
  std::unique_ptr<grpc::Server> server_;
  std::string address_;
};

constexpr Duration kLong = std::chrono::seconds(30);

TEST_F(StreamTest, CarriesMessagesOfAnySizeInOrder) {
  Serve(kControlPlaneIdentity);
  auto stream = Open(FilesFrom(ca_));
  std::string large(6 << 20, 'x');  // beyond gRPC's default of 4 MiB
  stream->Send("first");
  stream->Send(large);
  Stream::Event first = stream->Next(kLong);
  ASSERT_TRUE(std::holds_alternative<Stream::Message>(first)) << std::get<Stream::Ended>(first).status;
  EXPECT_EQ(std::get<Stream::Message>(first).bytes, "first");
  Stream::Event second = stream->Next(kLong);
  EXPECT_TRUE(std::get<Stream::Message>(second).bytes == large);
  stream->Send("bye");
  Stream::Event end = stream->Next(kLong);
  EXPECT_EQ(std::get<Stream::Ended>(end).status, absl::UnavailableError("going away"));
}

TEST_F(StreamTest, IsWokenByAnotherThread) {
  Serve(kControlPlaneIdentity);
  auto stream = Open(FilesFrom(ca_));
  stream->Wake();
  stream->Wake();
  EXPECT_TRUE(std::holds_alternative<Stream::Woken>(stream->Next(kLong)));
}

TEST_F(StreamTest, RefusesAControlPlaneOfAnotherName) {
  Serve("spiffe://penstock/dataplane/edge-2");
  auto stream = Open(FilesFrom(ca_));
  Stream::Event event = stream->Next(kLong);
  EXPECT_EQ(std::get<Stream::Ended>(event).status.code(), absl::StatusCode::kUnavailable);
}

TEST_F(StreamTest, IsRefusedWithACertificateOfAnotherCa) {
  Serve(kControlPlaneIdentity);
  TestCa stranger;
  auto stream = Open(FilesFrom(stranger));
  Stream::Event event = stream->Next(kLong);
  EXPECT_EQ(std::get<Stream::Ended>(event).status.code(), absl::StatusCode::kUnavailable);
}

TEST_F(StreamTest, EndsWhenNobodyIsThere) {
  Serve(kControlPlaneIdentity);
  server_->Shutdown();
  auto stream = Open(FilesFrom(ca_));
  EXPECT_TRUE(std::holds_alternative<Stream::Ended>(stream->Next(kLong)));
}

TEST_F(StreamTest, MayBeDroppedAtAnyTime) {
  Serve(kControlPlaneIdentity);
  TlsFiles files = FilesFrom(ca_);
  Open(files);
  auto stream = Open(files);
  stream->Send("hello");
  stream->Next(kLong);
  stream->Send("never read");
  stream->Wake();
}

TEST_F(StreamTest, NamesTheFilesOfAKeyThatIsAnotherCertificates) {
  TlsFiles files = FilesFrom(ca_);
  WriteFile("key.pem", ca_.Issue("spiffe://penstock/dataplane/edge-2").key);
  EXPECT_EQ(
      MakeCredentials(files).status().message(),
      "--tls-cert " + files.cert + ", --tls-key " + files.key +
          ": the key does not belong to the certificate; issue another pair: penstock cert issue DIR --dataplane ID");
}

TEST_F(StreamTest, NamesTheFileThatCannotBeUsed) {
  TlsFiles files = FilesFrom(ca_);
  TlsFiles missing = files;
  missing.ca = "/no/such/ca.pem";
  EXPECT_EQ(MakeCredentials(missing).status().message(),
            "cannot read /no/such/ca.pem: No such file or directory; name the PEM file with --tls-ca");
  chmod(files.key.c_str(), 0644);
  EXPECT_EQ(MakeCredentials(files).status().message(),
            "others may read the key " + files.key + "; run: chmod 600 " + files.key);
}

}  // namespace
}  // namespace penstock::xds
