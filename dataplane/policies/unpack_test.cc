#include "dataplane/policies/unpack.h"

#include <gtest/gtest.h>

#include "proto/penstock/xds/v1/security.pb.h"

namespace penstock::policies {
namespace {

google::protobuf::Any Packed(const google::protobuf::Message& message) {
  google::protobuf::Any any;
  any.PackFrom(message);
  return any;
}

TEST(Unpack, ReadsWhatIsThere) {
  xds::v1::Authorization written;
  written.add_rules()->mutable_condition()->add_roles("admin");
  xds::v1::Authorization read;
  EXPECT_TRUE(Unpack(Packed(written), read).ok());
  EXPECT_EQ(read.rules(0).condition().roles(0), "admin");
}

TEST(Unpack, RefusesAFieldThatANewerControlPlaneKnows) {
  xds::v1::Authorization written;
  auto* condition = written.add_rules()->mutable_condition();
  condition->GetReflection()->MutableUnknownFields(condition)->AddVarint(4711, 1);
  xds::v1::Authorization read;
  Status status = Unpack(Packed(written), read);
  EXPECT_EQ(status.message(),
            "rules[0].condition: field 4711 is not known to this build, so that it cannot do what it asks for");
  EXPECT_TRUE(absl::IsUnimplemented(status));
}

TEST(Unpack, RefusesAnotherTypeAndBytesThatAreNone) {
  xds::v1::AddressFilter other;
  EXPECT_FALSE(Unpack(Packed(xds::v1::Authorization()), other).ok());
  google::protobuf::Any any = Packed(xds::v1::AddressFilter());
  any.set_value("\xff\xff");
  EXPECT_FALSE(Unpack(any, other).ok());
}

}  // namespace
}  // namespace penstock::policies
