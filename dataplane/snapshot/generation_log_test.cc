#include "dataplane/snapshot/generation_log.h"

#include <gtest/gtest.h>

#include "dataplane/snapshot/hash.h"

namespace penstock::snapshot {
namespace {

xds::v1::Generation Number(uint64_t number) {
  xds::v1::Generation generation;
  generation.set_epoch(3);
  generation.set_number(number);
  generation.set_hash(number * 7);
  return generation;
}

Resource Cluster(const std::string& name, const std::string& bytes) {
  return {std::string(kClusterType), name, "v-" + bytes, bytes};
}
Resource Endpoints(const std::string& name, const std::string& bytes) {
  return {std::string(kEndpointsType), name, "v-" + bytes, bytes};
}

std::string Text(const GenerationLog& log) {
  std::string text = std::to_string(log.generation.number()) + ":";
  for (const Resource& resource : log.resources) text += " " + resource.name + "=" + resource.bytes;
  return text;
}

std::string ThreeSteps() {
  std::string file = EncodeGeneration({Cluster("a", "1"), Cluster("b", "1")}, Number(1));
  file += EncodeEndpoints({Endpoints("a", "e1"), Endpoints("b", "e1")}, {});
  file += EncodeEndpoints({}, {{std::string(kEndpointsType), "b"}});
  file += EncodeDelta({{Cluster("c", "2")}, {{std::string(kClusterType), "a"}}, Number(2)});
  return file;
}

TEST(GenerationLog, GivesBackTheNewestGeneration) {
  std::string file = ThreeSteps();
  absl::StatusOr<GenerationLog> log = DecodeGenerationLog(file);
  ASSERT_TRUE(log.ok()) << log.status();
  EXPECT_EQ(Text(*log), "2: b=1 c=2 a=e1");
  EXPECT_EQ(log->valid_bytes, file.size());
  EXPECT_EQ(log->generations, 2u);
  EXPECT_EQ(log->resources[0].version, "v-1");
}

TEST(GenerationLog, IsEmptyWithoutACommit) {
  EXPECT_EQ(DecodeGenerationLog("").status().code(), absl::StatusCode::kNotFound);
  std::string file = EncodeGeneration({Cluster("a", "1")}, Number(1));
  EXPECT_EQ(DecodeGenerationLog(file.substr(0, file.size() - 1)).status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(DecodeGenerationLog("something else").status().code(), absl::StatusCode::kDataLoss);
}

// A crash while the file grows leaves some first part of it: the newest generation in that part is served.
TEST(GenerationLog, FallsBackToTheLastCommitWhereverItIsCut) {
  std::string first = EncodeGeneration({Cluster("a", "1"), Cluster("b", "1")}, Number(1));
  std::string file = ThreeSteps();
  for (size_t size = 0; size <= file.size(); ++size) {
    absl::StatusOr<GenerationLog> log = DecodeGenerationLog(file.substr(0, size));
    if (size < first.size()) {
      EXPECT_EQ(log.status().code(), absl::StatusCode::kNotFound) << size;
      continue;
    }
    ASSERT_TRUE(log.ok()) << size << " " << log.status();
    EXPECT_EQ(log->generation.number(), size == file.size() ? 2u : 1u) << size;
    EXPECT_LE(log->valid_bytes, size);
    absl::StatusOr<GenerationLog> cut = DecodeGenerationLog(file.substr(0, log->valid_bytes));
    ASSERT_TRUE(cut.ok());
    EXPECT_EQ(Text(*cut), Text(*log));
  }
}

TEST(GenerationLog, IgnoresATailOfZeros) {
  absl::StatusOr<GenerationLog> log = DecodeGenerationLog(ThreeSteps() + std::string(4096, '\0'));
  ASSERT_TRUE(log.ok()) << log.status();
  EXPECT_EQ(log->generation.number(), 2u);
  EXPECT_EQ(log->valid_bytes, ThreeSteps().size());
}

TEST(GenerationLog, ServesNothingOfAFileInWhichAnyBitFlipped) {
  std::string whole = ThreeSteps();
  for (size_t i = 0; i < whole.size(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string file = whole;
      file[i] = static_cast<char>(file[i] ^ (1 << bit));
      absl::StatusOr<GenerationLog> log = DecodeGenerationLog(file);
      EXPECT_EQ(log.status().code(), absl::StatusCode::kDataLoss) << "byte " << i << " bit " << bit;
    }
  }
}

TEST(GenerationLog, SaysWhereItIsDamaged) {
  std::string file = EncodeGeneration({Cluster("a", "1")}, Number(1));
  size_t offset = file.size();
  file += EncodeDelta({{Cluster("c", "2")}, {}, Number(2)});
  file[offset + 30] ^= 1;
  EXPECT_EQ(std::string(DecodeGenerationLog(file).status().message()),
            "damaged at byte " + std::to_string(offset) + ": the checksum of a record differs");
}

}  // namespace
}  // namespace penstock::snapshot
