// The server against the protocol library's client: both read what the other one writes.
#include <gtest/gtest.h>

#include <map>
#include <string>

#include "dataplane/base/strings.h"
#include "dataplane/http/h2/server_connection.h"
#include "dataplane/http/h2/testing.h"

namespace penstock::http::h2 {
namespace {

using testing::FieldTexts;
using testing::Get;
using testing::Post;
using testing::TestServer;
using testing::TestStream;

// A client of nghttp2 without a socket. Opens its windows by itself.
class Client {
 public:
  struct Response {
    FieldTexts fields;  // of all heads and of the trailers
    std::string content;
    bool closed = false;
    uint32_t code = 0;
  };

  Client() {
    nghttp2_session_callbacks* callbacks = nullptr;
    nghttp2_session_callbacks_new(&callbacks);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, OnHeader);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, OnData);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, OnClose);
    nghttp2_session_client_new(&session_, callbacks, this);
    nghttp2_session_callbacks_del(callbacks);
    nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, nullptr, 0);
  }
  ~Client() { nghttp2_session_del(session_); }

  int32_t Ask(const FieldTexts& fields, std::string content = "") {
    std::vector<nghttp2_nv> list;
    for (const auto& [name, value] : fields) list.push_back({Data(name), Data(value), name.size(), value.size(), 0});
    nghttp2_data_provider provider{.source = {.ptr = nullptr}, .read_callback = Read};
    bool has_content = !content.empty();
    int32_t id =
        nghttp2_submit_request(session_, nullptr, list.data(), list.size(), has_content ? &provider : nullptr, nullptr);
    content_[id] = std::move(content);
    return id;
  }
  void Reset(int32_t id) { nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, id, NGHTTP2_CANCEL); }

  // Lets both talk until neither has something to say.
  void Talk(TestServer& server) {
    bool more = true;
    while (more) {
      std::string out;
      const uint8_t* data = nullptr;
      for (ssize_t n = 0; (n = nghttp2_session_mem_send(session_, &data)) > 0;) {
        out.append(reinterpret_cast<const char*>(data), static_cast<size_t>(n));
      }
      server.Receive(out);
      std::string in = server.sent();
      server.TakeSent();
      ASSERT_EQ(nghttp2_session_mem_recv(session_, reinterpret_cast<const uint8_t*>(in.data()), in.size()),
                static_cast<ssize_t>(in.size()));
      more = !out.empty() || !in.empty();
    }
  }

  std::map<int32_t, Response> responses;

 private:
  static uint8_t* Data(const std::string& text) { return reinterpret_cast<uint8_t*>(const_cast<char*>(text.data())); }
  static Client& Of(void* self) { return *static_cast<Client*>(self); }

  static int OnHeader(nghttp2_session*, const nghttp2_frame* frame, const uint8_t* name, size_t name_size,
                      const uint8_t* value, size_t value_size, uint8_t, void* self) {
    Of(self).responses[frame->hd.stream_id].fields.emplace_back(
        std::string(reinterpret_cast<const char*>(name), name_size),
        std::string(reinterpret_cast<const char*>(value), value_size));
    return 0;
  }
  static int OnData(nghttp2_session*, uint8_t, int32_t id, const uint8_t* data, size_t size, void* self) {
    Of(self).responses[id].content.append(reinterpret_cast<const char*>(data), size);
    return 0;
  }
  static int OnClose(nghttp2_session*, int32_t id, uint32_t code, void* self) {
    Of(self).responses[id].closed = true;
    Of(self).responses[id].code = code;
    return 0;
  }
  static ssize_t Read(nghttp2_session*, int32_t id, uint8_t* out, size_t most, uint32_t* flags, nghttp2_data_source*,
                      void* self) {
    std::string& content = Of(self).content_[id];
    size_t n = std::min(most, content.size());
    std::copy_n(content.data(), n, out);
    content.erase(0, n);
    if (content.empty()) *flags |= NGHTTP2_DATA_FLAG_EOF;
    return static_cast<ssize_t>(n);
  }

  nghttp2_session* session_ = nullptr;
  std::map<int32_t, std::string> content_;
};

TEST(ServerParty, ServesAThousandRequestsOnOneConnection) {
  TestServer server;
  Client client;
  for (size_t i = 0; i < 1000; ++i) {
    int32_t id = client.Ask(Get({{"x-number", StrCat(i)}, {"cookie", "a=1"}}));
    client.Talk(server);
    ASSERT_EQ(server.streams(), i + 1);
    TestStream& stream = server.stream(i);
    ASSERT_EQ(stream.head.headers.Get("x-number"), StrCat(i));
    server.Answer(stream, 200, StrCat("answer ", i));
    client.Talk(server);
    ASSERT_EQ(client.responses[id].content, StrCat("answer ", i));
    ASSERT_TRUE(client.responses[id].closed);
    ASSERT_TRUE(stream.closed());
  }
}

TEST(ServerParty, CarriesMegabytesBothWaysThroughItsWindows) {
  TestServer server;
  Client client;
  std::string content;
  for (int i = 0; i < 300'000; ++i) content += StrCat(i, ",");
  std::vector<int32_t> ids;
  for (int i = 0; i < 5; ++i) ids.push_back(client.Ask(Post({{"content-length", StrCat(content.size())}}), content));
  std::vector<size_t> consumed(5);
  for (bool more = true; more;) {
    client.Talk(server);
    more = false;
    for (size_t i = 0; i < server.streams(); ++i) {
      TestStream& stream = server.stream(i);
      ASSERT_LE(stream.content.size() - consumed[i], 65'536u) << "held without being asked for";
      size_t news = stream.content.size() - consumed[i];
      server.connection->Consume(stream, news);
      consumed[i] += news;
      more |= news > 0;
    }
  }
  ASSERT_EQ(server.streams(), 5u);
  for (size_t i = 0; i < 5; ++i) {
    EXPECT_TRUE(server.stream(i).Saw("end"));
    EXPECT_TRUE(server.stream(i).content == content);
    server.Answer(server.stream(i), 200, content);
  }
  client.Talk(server);
  for (int32_t id : ids) EXPECT_TRUE(client.responses[id].content == content);
  EXPECT_EQ(server.GoawayCode(), -1);
}

TEST(ServerParty, GivesTheWindowBackOfContentThatNobodyWanted) {
  TestServer server;
  Client client;
  // Much more than the connection's window.
  for (size_t i = 0; i < 40; ++i) {
    client.Ask(Post(), std::string(60'000, 'x'));
    client.Talk(server);
    TestStream& stream = server.stream(i);
    ASSERT_EQ(stream.content.size(), 60'000u) << i;
    server.Answer(stream, 200);
    server.connection->Consume(stream, stream.content.size());
    client.Talk(server);
  }
}

TEST(ServerParty, TakesResetsOfTheClientAtAnyTime) {
  TestServer server;
  Client client;
  for (size_t i = 0; i < 50; ++i) {
    int32_t id = client.Ask(Get());
    client.Talk(server);
    if (i % 3 == 0) server.Answer(server.stream(i), 200, std::string(100'000, 'x'));
    if (i % 3 == 1) client.Talk(server);
    client.Reset(id);
    client.Talk(server);
    EXPECT_TRUE(server.stream(i).closed());
  }
  EXPECT_EQ(server.GoawayCode(), -1);
}

}  // namespace
}  // namespace penstock::http::h2
