#include "dataplane/server/received_keys.h"

#include <gtest/gtest.h>

#include "proto/penstock/xds/v1/ticket_keys.pb.h"

namespace penstock::server {
namespace {

void Fill(xds::v1::TicketKeys::Key& key, char letter) {
  key.set_name(std::string(16, letter));
  key.set_cipher(std::string(32, letter));
  key.set_mac(std::string(32, letter));
}

xds::v1::TicketKeys Keys() {
  xds::v1::TicketKeys keys;
  Fill(*keys.mutable_current(), 'c');
  Fill(*keys.mutable_next(), 'n');
  keys.set_sealing_since_unix_ms(1'767'225'600'123);
  return keys;
}

TEST(ReceivedKeys, SealWithTheCurrentOneAndOpenWithTheOthers) {
  xds::v1::TicketKeys message = Keys();
  EXPECT_EQ(ParseTicketKeys(message.SerializeAsString())->keys.size(), 2u) << "before the first rotation";
  Fill(*message.mutable_previous(), 'p');
  StatusOr<ReceivedKeys> received = ParseTicketKeys(message.SerializeAsString());
  ASSERT_TRUE(received.ok());
  ASSERT_EQ(received->keys.size(), 3u);
  EXPECT_EQ(received->keys[0].name[0], 'c');
  EXPECT_EQ(received->keys[0].cipher[31], 'c');
  EXPECT_EQ(received->keys[0].mac[31], 'c');
  EXPECT_EQ(received->keys[1].name[15], 'n');
  EXPECT_EQ(received->keys[2].name[15], 'p');
  EXPECT_EQ(received->sealing_since, WallTime(std::chrono::milliseconds(1'767'225'600'123)));
}

TEST(ReceivedKeys, AreRefusedWhenOneIsNoKey) {
  EXPECT_FALSE(ParseTicketKeys("\xff\xff").ok());
  EXPECT_FALSE(ParseTicketKeys("").ok());
  xds::v1::TicketKeys short_name = Keys();
  short_name.mutable_next()->mutable_name()->pop_back();
  EXPECT_EQ(ParseTicketKeys(short_name.SerializeAsString()).status().message(),
            "the next key has parts of a wrong size");
  xds::v1::TicketKeys long_key = Keys();
  long_key.mutable_current()->mutable_cipher()->push_back('x');
  EXPECT_FALSE(ParseTicketKeys(long_key.SerializeAsString()).ok());
  xds::v1::TicketKeys no_mac = Keys();
  Fill(*no_mac.mutable_previous(), 'p');
  no_mac.mutable_previous()->clear_mac();
  EXPECT_FALSE(ParseTicketKeys(no_mac.SerializeAsString()).ok());
  xds::v1::TicketKeys from_nowhen = Keys();
  from_nowhen.set_sealing_since_unix_ms(INT64_MAX);
  EXPECT_FALSE(ParseTicketKeys(from_nowhen.SerializeAsString()).ok());
}

}  // namespace
}  // namespace penstock::server
