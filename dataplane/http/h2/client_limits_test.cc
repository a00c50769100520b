// What a hostile server costs, and when its connection ends.
#include <gtest/gtest.h>

#include <string>

#include "dataplane/http/h2/client_testing.h"

namespace penstock::http::h2 {
namespace {

using testing::Block;
using testing::Bytes;
using testing::DataFrame;
using testing::FieldTexts;
using testing::HeadersFrame;
using testing::Number;
using testing::Setting;
using testing::TestClient;
using testing::TestResponse;

constexpr uint8_t kWhole = kEndHeaders | kEndStream;
constexpr int kCalm = static_cast<int>(ErrorCode::kEnhanceYourCalm);

// Frames of this kind, again and again, end the connection; a few do not.
void ExpectBudget(const char* what, const std::string& frame) {
  TestClient client;
  client.Greet();
  client.Ask();
  for (int i = 0; i < 100; ++i) client.Receive(frame);
  client.TakeSent();
  EXPECT_EQ(client.GoawayCode(), -1) << what;
  EXPECT_FALSE(client.connection->going_away()) << what;
  for (int i = 0; i < 75; ++i) client.Receive(frame);
  EXPECT_TRUE(client.connection->going_away()) << what << ": no new work for it";
  for (int i = 0; i < 100; ++i) client.Receive(frame);
  client.TakeSent();
  EXPECT_EQ(client.GoawayCode(), kCalm) << what;
  EXPECT_TRUE(client.connection->finished()) << what;
}

TEST(ClientLimits, AServersFramesWithoutWorkEndItsConnection) {
  ExpectBudget("SETTINGS", Bytes(FrameType::kSettings, 0, 0));
  ExpectBudget("PING", Bytes(FrameType::kPing, 0, 0, "12345678"));
  ExpectBudget("WINDOW_UPDATE", Bytes(FrameType::kWindowUpdate, 0, 0, Number(1)));
  ExpectBudget("PRIORITY", Bytes(FrameType::kPriority, 0, 1, Number(0) + '\1'));
  ExpectBudget("an extension", Bytes(static_cast<FrameType>(0xAB), 0, 0, "x"));
  ExpectBudget("GOAWAY of nothing", Bytes(static_cast<FrameType>(0xAC), 0, 1));
}

TEST(ClientLimits, EmptyContentEndsTheConnection) {
  TestClient client;
  client.Greet();
  client.Ask();
  client.Receive(HeadersFrame(1, kEndHeaders, {{":status", "200"}}));
  for (int i = 0; i < 300; ++i) client.Receive(DataFrame(1, 0, ""));
  client.TakeSent();
  EXPECT_EQ(client.GoawayCode(), kCalm);
}

TEST(ClientLimits, TimeRefillsTheBudget) {
  TestClient client;
  client.Greet();
  for (int i = 0; i < 1000; ++i) {
    client.clock.Advance(std::chrono::milliseconds(100));
    client.Receive(Bytes(FrameType::kPing, 0, 0, "12345678"));
  }
  EXPECT_FALSE(client.connection->going_away());
}

TEST(ClientLimits, APromiseEndsTheConnection) {
  TestClient client;
  client.Greet();
  client.Ask();
  client.Receive(Bytes(FrameType::kPushPromise, kEndHeaders, 1, Number(2) + Block({{":method", "GET"}})));
  client.TakeSent();
  EXPECT_EQ(client.GoawayCode(), static_cast<int>(ErrorCode::kProtocolError));
}

TEST(ClientLimits, AHeadInMoreThanEightPiecesEndsTheConnection) {
  for (int pieces : {8, 9}) {
    TestClient client;
    client.Greet();
    TestResponse& stream = client.Ask();
    client.Receive(Bytes(FrameType::kHeaders, 0, 1, Block({{":status", "200"}})));
    for (int i = 1; i < pieces; ++i) client.Receive(Bytes(FrameType::kContinuation, 0, 1, Block({{"a", "b"}})));
    client.Receive(Bytes(FrameType::kContinuation, kEndHeaders, 1));
    client.TakeSent();
    EXPECT_EQ(stream.Saw("head"), pieces == 8);
    EXPECT_EQ(client.GoawayCode(), pieces == 8 ? -1 : kCalm);
  }
}

TEST(ClientLimits, AHeadBeyondTheLimitsEndsItsStreamOnly) {
  FieldTexts large = {{":status", "200"}, {"a", std::string(2000, 'x')}};
  FieldTexts many = {{":status", "200"}};
  for (int i = 0; i < 11; ++i) many.emplace_back("a", "b");
  for (const FieldTexts& fields : {large, many}) {
    TestClient client({.head = {.header_bytes = 1000, .header_count = 10}});
    client.Greet();
    TestResponse& stream = client.Ask();
    client.Receive(HeadersFrame(1, kWhole, fields));
    EXPECT_EQ(stream.malformed, fields.size() > 10 ? Error::kTooManyHeaders : Error::kHeadersTooLarge);
    EXPECT_EQ(client.connection->failure(), ErrorCode::kNoError);
  }
}

TEST(ClientLimits, ACompressionBombEndsItsConnection) {
  TestClient client({.glitch_budget = 20, .glitch_refill = 0});
  client.Greet();
  // One entry of the dynamic table, and then a byte for each copy of it.
  std::string block = Block({{":status", "200"}}) + "\x40" + "\x01" + "a" + "\x7F\xA1\x1E" + std::string(4000, 'x');
  block += std::string(12'000, '\xBE');
  client.Ask();
  for (uint32_t id = 1; id < 30 && !client.connection->finished(); id += 2) {
    client.Receive(Bytes(FrameType::kHeaders, kWhole, id, block));
    if (!client.connection->going_away()) client.Ask();
  }
  client.TakeSent();
  EXPECT_EQ(client.GoawayCode(), kCalm);
}

TEST(ClientLimits, InformationalHeadsAreCounted) {
  TestClient client;
  client.Greet();
  TestResponse& stream = client.Ask();
  for (int i = 0; i < 9; ++i) client.Receive(HeadersFrame(1, kEndHeaders, {{":status", "100"}}));
  EXPECT_EQ(stream.events.size(), 9u);
  EXPECT_EQ(stream.malformed, Error::kInformational);
}

TEST(ClientLimits, HeadsOfStreamsThatAreNoMoreAreNoFreeWork) {
  TestClient client;
  client.Greet();
  client.Ask();
  client.Receive(HeadersFrame(1, kWhole, {{":status", "204"}}));
  for (int i = 0; i < 300; ++i) client.Receive(HeadersFrame(1, kWhole, {{":status", "204"}}));
  client.TakeSent();
  EXPECT_NE(client.GoawayCode(), -1);
}

TEST(ClientLimits, AThousandCancelledRequestsDoNotEndAnHonestServersConnection) {
  TestClient client;
  client.Greet();
  for (uint32_t id = 1; id < 2001; id += 2) {
    TestResponse& stream = client.Ask();
    client.connection->Reset(stream, ErrorCode::kCancel);
    client.connection->Forget(stream);
    client.Flush();
    client.Receive(HeadersFrame(id, kEndHeaders, {{":status", "200"}}) + DataFrame(id, 0, "x") +
                   HeadersFrame(id, kWhole, {{"a", "b"}}));
  }
  EXPECT_FALSE(client.connection->going_away());
}

TEST(ClientLimits, WhatAnUploadNeedsIsFree) {
  TestClient client;
  client.Greet(Setting(4, 16'384));
  TestResponse& stream = client.Ask(Method::kPost, false);
  for (int i = 0; i < 2000; ++i) {
    client.connection->SendContent(stream, Chunk::Copy(std::string(1000, 'x')));
    client.Flush();
    client.Receive(Bytes(FrameType::kWindowUpdate, 0, 0, Number(1000)) +
                   Bytes(FrameType::kWindowUpdate, 0, 1, Number(1000)) + Bytes(FrameType::kPing, 0, 0, "12345678"));
    client.TakeSent();
  }
  EXPECT_FALSE(client.connection->going_away());
  EXPECT_EQ(stream.unsent(), 0u);
}

TEST(ClientLimits, GarbageEndsTheConnectionWithAWord) {
  TestClient client;
  client.Receive("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
  client.TakeSent();
  EXPECT_NE(client.GoawayCode(), -1);
  EXPECT_NE(client.connection->failure(), ErrorCode::kNoError);
}

}  // namespace
}  // namespace penstock::http::h2
