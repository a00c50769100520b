#include "controlplane/management/upload.h"

#include <gtest/gtest.h>

namespace penstock::management {
namespace {

using management::v1::ApplyRequest;

ApplyRequest Options(const std::string& message = "") {
  ApplyRequest request;
  request.mutable_options()->mutable_change()->set_message(message);
  return request;
}

ApplyRequest Chunk(const std::string& name, const std::string& data) {
  ApplyRequest request;
  request.mutable_file()->set_name(name);
  request.mutable_file()->set_data(data);
  return request;
}

Upload Of(const std::vector<ApplyRequest>& requests) {
  Upload upload;
  for (const ApplyRequest& request : requests) EXPECT_TRUE(upload.Take(request).ok());
  return upload;
}

TEST(Upload, PutsChunksTogetherToFiles) {
  const Upload upload = Of({Options(), Chunk("a.yaml", "on"), Chunk("a.yaml", "e"), Chunk("b.yaml", "two")});
  ASSERT_EQ(upload.files().size(), 2u);
  EXPECT_EQ(upload.files()[0].bytes, "one");
  EXPECT_EQ(upload.files()[1].name, "b.yaml");
}

TEST(Upload, KeepsAnAttachedFileFromTheManifestOfItsName) {
  ApplyRequest attached = Chunk("a.yaml", "one");
  attached.mutable_file()->set_attached(true);
  const Upload upload = Of({Options(), Chunk("a.yaml", "one"), attached});
  ASSERT_EQ(upload.files().size(), 2u);
  EXPECT_FALSE(upload.files()[0].attached);
  EXPECT_TRUE(upload.files()[1].attached);
  EXPECT_NE(upload.Digest(), Of({Options(), Chunk("a.yaml", "one"), Chunk("b.yaml", "one")}).Digest());
}

TEST(Upload, WantsTheOptionsFirstAndOnce) {
  EXPECT_EQ(Upload().Take(Chunk("a", "1")).code(), absl::StatusCode::kInvalidArgument);
  Upload upload = Of({Options()});
  EXPECT_EQ(upload.Take(Options()).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_FALSE(Upload().complete());
}

TEST(Upload, RefusesADefaultNamespaceThatNoManifestMayName) {
  for (const std::string& name : {std::string("a/b"), std::string("Bad_NS"), std::string("x y"), std::string("a\nb"),
                                  std::string("\x1b[31m"), std::string(64, 'a')}) {
    ApplyRequest request = Options();
    request.mutable_options()->set_default_namespace(name);
    Upload upload;
    EXPECT_EQ(upload.Take(request).code(), absl::StatusCode::kInvalidArgument) << name;
    EXPECT_FALSE(upload.complete());
  }
  ApplyRequest request = Options();
  request.mutable_options()->set_default_namespace("team-a");
  EXPECT_TRUE(Upload().Take(request).ok());
}

TEST(Upload, HoldsItsLimits) {
  Upload upload = Of({Options()});
  EXPECT_EQ(upload.Take(Chunk("a", std::string(5 << 20, 'x'))).code(), absl::StatusCode::kResourceExhausted);
  for (int i = 0; i < 21; ++i) ASSERT_TRUE(upload.Take(Chunk("a", std::string(3 << 20, 'x'))).ok());
  EXPECT_EQ(upload.Take(Chunk("b", std::string(3 << 20, 'x'))).code(), absl::StatusCode::kResourceExhausted);
  Upload many = Of({Options()});
  for (size_t i = 0; i < Upload::kMaxFiles; ++i) ASSERT_TRUE(many.Take(Chunk(std::to_string(i), "")).ok());
  EXPECT_EQ(many.Take(Chunk("last", "")).code(), absl::StatusCode::kResourceExhausted);
}

TEST(Upload, HasTheSameDigestForTheSameWish) {
  const uint64_t digest = Of({Options("m"), Chunk("a", "1")}).Digest();
  EXPECT_EQ(Of({Options("m"), Chunk("a", ""), Chunk("a", "1")}).Digest(), digest);
  EXPECT_NE(Of({Options("n"), Chunk("a", "1")}).Digest(), digest);
  EXPECT_NE(Of({Options("m"), Chunk("b", "1")}).Digest(), digest);
  EXPECT_NE(Of({Options("m"), Chunk("a", "2")}).Digest(), digest);
  ApplyRequest impatient = Options("m");
  impatient.mutable_options()->mutable_change()->mutable_timeout()->set_seconds(1);
  EXPECT_EQ(Of({impatient, Chunk("a", "1")}).Digest(), digest);
}

}  // namespace
}  // namespace penstock::management
