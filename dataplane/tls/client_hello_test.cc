#include "dataplane/tls/client_hello.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include "dataplane/base/strings.h"
#include "dataplane/base/when.h"
#include "dataplane/tls/testing.h"

namespace penstock::tls {
namespace {

using ::testing::ElementsAre;
using Progress = ClientHelloParser::Progress;

std::string Number(size_t value, int bytes) {
  std::string text;
  for (int i = bytes - 1; i >= 0; --i) text += static_cast<char>(value >> (8 * i));
  return text;
}
std::string Vector(int length_bytes, const std::string& content) {
  return Number(content.size(), length_bytes) + content;
}
std::string Extension(int type, const std::string& content) { return Number(type, 2) + Vector(2, content); }
std::string ServerName(const std::string& name) { return Extension(0, Vector(2, '\0' + Vector(2, name))); }
std::string Message(const std::string& extensions, const std::string& compression = std::string(1, 0)) {
  std::string body = "\x03\x03" + std::string(32, 'r') + Vector(1, "") + Vector(2, "\x13\x01") + Vector(1, compression);
  body += Vector(2, extensions);
  return "\x01" + Number(body.size(), 3) + body;
}
std::string Record(const std::string& fragment) { return "\x16\x03\x01" + Vector(2, fragment); }
// MESSAGE in records of at most SIZE bytes.
std::string Records(const std::string& message, size_t size) {
  std::string bytes;
  for (size_t i = 0; i < message.size(); i += size) bytes += Record(message.substr(i, size));
  return bytes;
}

Progress ParseAll(const std::string& bytes) {
  ClientHelloParser parser;
  return parser.Parse(bytes);
}

// A hello as OpenSSL writes it.
std::string RealHello(const char* server_name, const std::string& alpn) {
  SslContextPtr context(SSL_CTX_new(TLS_client_method()));
  SslPtr ssl(SSL_new(context.get()));
  BIO* out = BIO_new(BIO_s_mem());
  SSL_set_bio(ssl.get(), BIO_new(BIO_s_mem()), out);
  if (server_name != nullptr) SSL_set_tlsext_host_name(ssl.get(), server_name);
  SSL_set_alpn_protos(ssl.get(), reinterpret_cast<const unsigned char*>(alpn.data()), alpn.size());
  SSL_connect(ssl.get());
  char* data = nullptr;
  long size = BIO_get_mem_data(out, &data);
  return {data, static_cast<size_t>(size)};
}

TEST(ClientHello, OfARealClientIsRead) {
  ClientHelloParser parser;
  ASSERT_EQ(parser.Parse(RealHello("Shop.A.test", "\x02h2\x08http/1.1")), Progress::kDone);
  EXPECT_EQ(parser.hello().server_name, "shop.a.test");
  EXPECT_THAT(parser.hello().alpn, ElementsAre("h2", "http/1.1"));
  ClientHelloParser nameless;
  ASSERT_EQ(nameless.Parse(RealHello(nullptr, "")), Progress::kDone);
  EXPECT_EQ(nameless.hello().server_name, "");
}

TEST(ClientHello, IsReadHoweverItIsCut) {
  std::string bytes = RealHello("a.test", "\x02h2");
  for (size_t step : {1, 2, 7, 100}) {
    ClientHelloParser parser;
    Progress progress = Progress::kNeedMore;
    for (size_t n = step; progress == Progress::kNeedMore; n += step) {
      progress = parser.Parse(std::string_view(bytes).substr(0, n));
      if (n < bytes.size()) ASSERT_EQ(progress, Progress::kNeedMore) << n;
    }
    EXPECT_EQ(progress, Progress::kDone);
    EXPECT_EQ(parser.hello().server_name, "a.test");
  }
}

// CVE-2020-8660: who is meant must not depend on fragments.
TEST(ClientHello, IsReadOutOfManyRecordsAndWithLargeKeyShares) {
  std::string message = Message(Extension(51, std::string(2'000, 'k')) + ServerName("a.test"));
  for (size_t size : {size_t{1}, size_t{313}, size_t{16'384}}) {
    ClientHelloParser parser;
    ASSERT_EQ(parser.Parse(Records(message, size)), Progress::kDone) << size;
    EXPECT_EQ(parser.hello().server_name, "a.test");
  }
}

TEST(ClientHello, TakesAtMostItsLimit) {
  EXPECT_EQ(ParseAll(Record("\x01" + Number(70'000, 3))), Progress::kTooLarge);
  EXPECT_EQ(ParseAll(Record("\x01" + Number(ClientHelloParser::kMaxBytes + 1, 3))), Progress::kTooLarge);
  std::string message = Message(Extension(51, std::string(12'000, 'k')));
  EXPECT_EQ(ParseAll(Records(message, 16'000)), Progress::kDone);
  EXPECT_EQ(ParseAll(Records(message, 10)), Progress::kTooLarge) << "with the headers of its records";
}

TEST(ClientHello, OfAnotherProtocolIsToldFromAMalformedOne) {
  for (const char* other :
       {"GET / HTTP/1.1\r\n", "PRI * HTTP/2.0", "SSH-2.0", "\x80\x2e\x01\x00\x02", "\x16\x02\x01\x00\x01"}) {
    EXPECT_EQ(ParseAll(other), Progress::kNotTls) << other;
  }
  std::string good = Message(ServerName("a.test"));
  std::string long_name = "a";
  while (long_name.size() < 256) long_name += ".a";
  std::vector<std::pair<const char*, std::string>> malformed = {
      {"an empty record", Record("")},
      {"a record that is too long", "\x16\x03\x01\x40\x01"},
      {"another message", Record("\x02" + Number(0, 3))},
      {"more than the hello", Record(good + "x")},
      {"an alert in between", Record(good.substr(0, 20)) + "\x15\x03\x01\x00\x02\x02\x00"},
      {"two server names",
       Record(Message(Extension(0, Vector(2, '\0' + Vector(2, "a.test") + '\0' + Vector(2, "b.test")))))},
      {"the extension twice", Record(Message(ServerName("a.test") + ServerName("b.test")))},
      {"an empty name", Record(Message(ServerName("")))},
      {"a NUL in the name", Record(Message(ServerName(std::string("a.test\0.b", 9))))},
      {"a blank in the name", Record(Message(ServerName("a test")))},
      {"a colon in the name", Record(Message(ServerName("a.test:443")))},
      {"an IPv6 address", Record(Message(ServerName("::1")))},
      {"a name with an empty label", Record(Message(ServerName("a..test")))},
      {"a name with a dot at its begin", Record(Message(ServerName(".a.test")))},
      {"a name with a dot at its end", Record(Message(ServerName("a.test.")))},
      {"a label of 64 bytes", Record(Message(ServerName(std::string(64, 'a') + ".test")))},
      {"only compression that is off", Record(Message(ServerName("a.test"), "\x01"))},
      {"a name of 257 bytes", Record(Message(ServerName(long_name)))},
      {"an extension that is cut", Record(Message(ServerName("a.test") + '\0'))},
      {"an empty protocol", Record(Message(Extension(16, Vector(2, Vector(1, "") + Vector(1, "h2")))))},
  };
  for (const auto& [what, bytes] : malformed) EXPECT_EQ(ParseAll(bytes), Progress::kMalformed) << what;
}

class ReceivedHelloTest : public TlsTest {};

TEST_F(ReceivedHelloTest, GoesOnIntoTheHandshake) {
  Streams streams = Connected();
  TlsStream client(std::move(streams.client), Client(Asking()));
  Child<Status> at_client;
  at_client.Start(client.Handshake({}));
  StatusOr<ReceivedHello> received = reactor_->BlockOn(ReceiveClientHello(*streams.server, {}));
  ASSERT_TRUE(received.ok()) << received.status();
  EXPECT_EQ(received->hello.server_name, "a.test");
  TlsStream server(std::move(streams.server), Server(Serving()), std::move(received->bytes),
                   received->hello.server_name);
  auto [client_status, server_status] = reactor_->BlockOn(WhenAll(at_client.Join(), server.Handshake({})));
  EXPECT_TRUE(client_status.ok()) << client_status;
  EXPECT_TRUE(server_status.ok()) << server_status;
}

TEST_F(ReceivedHelloTest, ThatNeverCameIsAnError) {
  Streams silent = Connected();
  Wait soon{After(reactor_->Now(), std::chrono::milliseconds(2)), nullptr};
  StatusOr<ReceivedHello> late = reactor_->BlockOn(ReceiveClientHello(*silent.server, soon));
  EXPECT_TRUE(IsTimeout(late.status()));
  silent.client->Close();
  StatusOr<ReceivedHello> left = reactor_->BlockOn(ReceiveClientHello(*silent.server, {}));
  EXPECT_TRUE(absl::IsAborted(left.status()));
  Streams plain = Connected();
  ASSERT_TRUE(Write(*plain.client, "GET / HTTP/1.1\r\n\r\n").ok());
  StatusOr<ReceivedHello> http = reactor_->BlockOn(ReceiveClientHello(*plain.server, {}));
  EXPECT_TRUE(absl::IsInvalidArgument(http.status()));
  EXPECT_EQ(http.status().message(), "HTTP in the clear at a port that speaks TLS");
}

}  // namespace
}  // namespace penstock::tls
