#include "controlplane/store/secrecy.h"

#include <gtest/gtest.h>

#include <set>

#include "api/manifests/v1/schema.pb.h"
#include "controlplane/manifests/kinds.h"

namespace penstock::store {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;

bool HasSecretField(const Descriptor* type, std::set<const Descriptor*>& seen) {
  if (!seen.insert(type).second) return false;
  for (int i = 0; i < type->field_count(); ++i) {
    const FieldDescriptor* field = type->field(i);
    if (field->options().GetExtension(manifests::v1::rules).secret()) return true;
    const bool message = field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE;
    if (message && HasSecretField(field->message_type(), seen)) return true;
  }
  return false;
}

TEST(Secrecy, HoldsForEveryKindWithAFieldThatIsNeverPrinted) {
  int secret = 0;
  for (const manifests::Kind& kind : manifests::BuiltInKinds().all()) {
    std::set<const Descriptor*> seen;
    const bool expected = HasSecretField(kind.prototype->GetDescriptor(), seen);
    secret += expected ? 1 : 0;
    EXPECT_EQ(IsSecret({kind.group, kind.name, "shop", "a"}), expected) << kind.name;
  }
  EXPECT_GT(secret, 0);
}

}  // namespace
}  // namespace penstock::store
