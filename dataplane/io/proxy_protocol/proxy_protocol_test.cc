#include "dataplane/io/proxy_protocol/proxy_protocol.h"

#include <gtest/gtest.h>

#include "dataplane/base/strings.h"

namespace penstock::io {
namespace {

using Progress = ProxyHeader::Progress;

const std::string kSignature("\r\n\r\n\0\r\nQUIT\n", 12);

// "c0000201" as its four bytes.
std::string Bytes(std::string_view hex) {
  std::string out;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    out += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
  }
  return out;
}

std::string V2(std::string_view hex) { return kSignature + Bytes(hex); }

ProxyAddresses Addresses(std::string_view source, std::uint16_t source_port, std::string_view destination,
                         std::uint16_t destination_port) {
  return {*IpAddress::Parse(source), source_port, *IpAddress::Parse(destination), destination_port};
}

void ExpectAddresses(const std::string& bytes, const std::optional<ProxyAddresses>& expected) {
  ProxyHeader header = ParseProxyHeader(bytes);
  ASSERT_EQ(header.progress, Progress::kDone) << bytes << ": " << header.error;
  EXPECT_EQ(header.consumed, bytes.size()) << bytes;
  EXPECT_EQ(header.addresses, expected) << bytes;
}

TEST(ProxyProtocol, ReadsVersion1) {
  ExpectAddresses("PROXY TCP4 192.0.2.1 192.0.2.7 56324 443\r\n", Addresses("192.0.2.1", 56324, "192.0.2.7", 443));
  ExpectAddresses("PROXY TCP6 2001:db8::1 2001:db8::7 1 65535\r\n", Addresses("2001:db8::1", 1, "2001:db8::7", 65535));
  ExpectAddresses("PROXY TCP6 ::ffff:192.0.2.1 2001:db8::7 1 2\r\n", Addresses("192.0.2.1", 1, "2001:db8::7", 2));
  ExpectAddresses("PROXY UNKNOWN\r\n", std::nullopt);
  ExpectAddresses("PROXY UNKNOWN ffff::1 ffff::2 65535 65535\r\n", std::nullopt);
}

TEST(ProxyProtocol, ReadsVersion2) {
  ExpectAddresses(V2("2111000cc0000201c0000207dc0401bb"), Addresses("192.0.2.1", 56324, "192.0.2.7", 443));
  ExpectAddresses(V2("21210024"
                     "20010db8000000000000000000000001"
                     "20010db8000000000000000000000007"
                     "0001ffff"),
                  Addresses("2001:db8::1", 1, "2001:db8::7", 65535));
}

TEST(ProxyProtocol, SkipsTheExtensionsOfVersion2) {
  // Authority "a.test", then an empty one of a type that is nobody's.
  ExpectAddresses(V2("21110018c0000201c0000207dc0401bb"
                     "020006612e74657374"
                     "ee0000"),
                  Addresses("192.0.2.1", 56324, "192.0.2.7", 443));
}

TEST(ProxyProtocol, KnowsProxiesThatSpeakForThemselves) {
  ExpectAddresses(V2("20000000"), std::nullopt);
  ExpectAddresses(V2("20ff0003010203"), std::nullopt);  // LOCAL: the family is nothing to us
  ExpectAddresses(V2("21000000"), std::nullopt);        // UNSPEC
  ExpectAddresses(V2("213100d8" + std::string(432, '0')), std::nullopt);
}

TEST(ProxyProtocol, TakesNothingBehindTheHeader) {
  for (std::string header :
       {std::string("PROXY TCP4 192.0.2.1 192.0.2.7 1 2\r\n"), V2("2111000cc0000201c000020700010002")}) {
    ProxyHeader result = ParseProxyHeader(header + "\r\nGET / HTTP/1.1\r\n");
    ASSERT_EQ(result.progress, Progress::kDone);
    EXPECT_EQ(result.consumed, header.size());
  }
}

TEST(ProxyProtocol, WaitsForTheRestOfAHeaderThatComesByteByByte) {
  for (std::string header : {std::string("PROXY TCP6 ::1 ::2 1 2\r\n"), std::string("PROXY UNKNOWN x\r\n"),
                             V2("2111000fc0000201c000020700010002ee0000"), V2("20000000")}) {
    for (std::size_t size = 0; size < header.size(); ++size) {
      EXPECT_EQ(ParseProxyHeader(header.substr(0, size)).progress, Progress::kNeedMore) << size << " of " << header;
    }
    EXPECT_EQ(ParseProxyHeader(header).progress, Progress::kDone);
  }
}

TEST(ProxyProtocol, RefusesWhatNoSenderWrites) {
  const std::string kRefused[] = {
      "GET / HTTP/1.1\r\n",
      "proxy TCP4 192.0.2.1 192.0.2.7 1 2\r\n",
      "PROXY  TCP4 192.0.2.1 192.0.2.7 1 2\r\n",
      "PROXY TCP4  192.0.2.1 192.0.2.7 1 2\r\n",
      "PROXY TCP4 192.0.2.1 192.0.2.7 1 2 \r\n",
      "PROXY TCP4 192.0.2.1 192.0.2.7 1 2 3\r\n",
      "PROXY TCP4 192.0.2.1 192.0.2.7 1\r\n",
      "PROXY TCP4 192.0.2.01 192.0.2.7 1 2\r\n",
      "PROXY TCP4 ::1 ::2 1 2\r\n",
      "PROXY TCP4 ::ffff:192.0.2.1 192.0.2.7 1 2\r\n",
      "PROXY TCP6 192.0.2.1 192.0.2.7 1 2\r\n",
      "PROXY TCP6 fe80::1%eth0 ::2 1 2\r\n",
      "PROXY TCP4 192.0.2.1 192.0.2.7 01 2\r\n",
      "PROXY TCP4 192.0.2.1 192.0.2.7 1 65536\r\n",
      "PROXY TCP4 192.0.2.1 192.0.2.7 -1 2\r\n",
      "PROXY TCP4 192.0.2.1 192.0.2.7 1 2\n",
      "PROXY TCP4 192.0.2.1 192.0.2.7 1 2\r\r\n",
      "PROXY UDP4 192.0.2.1 192.0.2.7 1 2\r\n",
      "PROXY UNKNOWNx\r\n",
      "PROXY \r\n",
      std::string("PROXY UNKNOWN \0\r\n", 17),
      "PROXY UNKNOWN " + std::string(200, 'x') + "\r\n",
      V2("1111000cc0000201c000020700010002"),        // version 1 of the binary form
      V2("2211000cc0000201c000020700010002"),        // a command that is not known
      V2("2141000cc0000201c000020700010002"),        // a family that is not known
      V2("2113000cc0000201c000020700010002"),        // a transport that is not known
      V2("2112000cc0000201c000020700010002"),        // datagrams
      V2("2111000bc0000201c0000207000100"),          // shorter than its addresses
      V2("2111000ec0000201c0000207000100020200"),    // an extension without its length
      V2("2111000fc0000201c000020700010002020001"),  // an extension without its value
      V2("2111ffff"),                                // longer than anybody needs
  };
  for (const std::string& bytes : kRefused) {
    ProxyHeader header = ParseProxyHeader(bytes);
    EXPECT_EQ(header.progress, Progress::kError) << bytes;
    EXPECT_FALSE(header.error.empty()) << bytes;
  }
}

TEST(ProxyProtocol, DecidesBeforeItsLimitWhateverComes) {
  std::string long_line = "PROXY UNKNOWN " + std::string(kMaxProxyLine, 'x');
  EXPECT_EQ(ParseProxyHeader(long_line.substr(0, kMaxProxyLine - 1)).progress, Progress::kNeedMore);
  EXPECT_EQ(ParseProxyHeader(long_line.substr(0, kMaxProxyLine)).progress, Progress::kError);
  std::string longest = V2("20000208") + std::string(kMaxProxyHeader - 16, 'x');
  EXPECT_EQ(ParseProxyHeader(longest).consumed, kMaxProxyHeader);
  EXPECT_EQ(ParseProxyHeader(V2("20000209")).progress, Progress::kError);
}

TEST(ProxyProtocol, WritesWhatItReads) {
  const std::optional<ProxyAddresses> kCases[] = {
      Addresses("192.0.2.1", 56324, "192.0.2.7", 443),
      Addresses("2001:db8::1", 0, "2001:db8::7", 65535),
      Addresses("192.0.2.1", 1, "2001:db8::7", 2),
      std::nullopt,
  };
  for (const std::optional<ProxyAddresses>& addresses : kCases) {
    for (ProxyVersion version : {ProxyVersion::kV1, ProxyVersion::kV2}) {
      ExpectAddresses(WriteProxyHeader(version, addresses), addresses);
    }
  }
  EXPECT_EQ(WriteProxyHeader(ProxyVersion::kV1, kCases[0]), "PROXY TCP4 192.0.2.1 192.0.2.7 56324 443\r\n");
  EXPECT_EQ(WriteProxyHeader(ProxyVersion::kV1, kCases[2]), "PROXY TCP6 ::ffff:192.0.2.1 2001:db8::7 1 2\r\n");
  EXPECT_EQ(WriteProxyHeader(ProxyVersion::kV2, kCases[0]), V2("2111000cc0000201c0000207dc0401bb"));
}

}  // namespace
}  // namespace penstock::io
