#include "dataplane/http/h2/frame_rules.h"

#include <gtest/gtest.h>

#include <string>

#include "dataplane/http/h2/testing.h"

namespace penstock::http::h2 {
namespace {

using testing::Setting;

struct FrameCase {
  const char* what;
  FrameHeader frame;
  ErrorCode wrong;
};

TEST(FrameRules, AskOfAFrameWhatItsFlagsSayThatItHolds) {
  constexpr uint8_t kBoth = kPadded | kPriorityFlag;
  constexpr ErrorCode kWrongSize = ErrorCode::kFrameSizeError;
  const FrameCase cases[] = {
      {"DATA of nothing", {0, FrameType::kData, 0, 1}, ErrorCode::kNoError},
      {"DATA without room for its padding's length", {0, FrameType::kData, kPadded, 1}, kWrongSize},
      {"DATA with padding of no length", {1, FrameType::kData, kPadded, 1}, ErrorCode::kNoError},
      {"DATA with a flag that it does not know", {0, FrameType::kData, kPriorityFlag, 1}, ErrorCode::kNoError},
      {"HEADERS of nothing", {0, FrameType::kHeaders, kEndHeaders, 1}, ErrorCode::kNoError},
      {"HEADERS without room for its padding's length", {0, FrameType::kHeaders, kPadded, 1}, kWrongSize},
      {"HEADERS without room for its priority", {4, FrameType::kHeaders, kPriorityFlag, 1}, kWrongSize},
      {"HEADERS with nothing but a priority", {5, FrameType::kHeaders, kPriorityFlag, 1}, ErrorCode::kNoError},
      {"HEADERS without room for both", {5, FrameType::kHeaders, kBoth, 1}, kWrongSize},
      {"HEADERS with nothing but both", {6, FrameType::kHeaders, kBoth, 1}, ErrorCode::kNoError},
      {"PRIORITY of a stream", {5, FrameType::kPriority, 0, 1}, ErrorCode::kNoError},
      {"PRIORITY of no stream", {5, FrameType::kPriority, 0, 0}, ErrorCode::kProtocolError},
      {"the largest frame", {FrameRules::kMaxPayload, FrameType::kContinuation, 0, 1}, ErrorCode::kNoError},
      {"a larger one", {FrameRules::kMaxPayload + 1, FrameType::kContinuation, 0, 1}, kWrongSize},
      {"a frame that nobody knows", {0, static_cast<FrameType>(0xF0), 0xFF, 0}, ErrorCode::kNoError},
  };
  for (const FrameCase& c : cases) EXPECT_EQ(FrameRules().Begin(c.frame), c.wrong) << c.what;
}

struct SettingCase {
  uint16_t name;
  uint32_t value;
  ErrorCode wrong;
};

TEST(FrameRules, KnowWhatSettingsMaySay) {
  const SettingCase cases[] = {
      {1, UINT32_MAX, ErrorCode::kNoError},  {2, 1, ErrorCode::kNoError},
      {2, 2, ErrorCode::kProtocolError},     {3, UINT32_MAX, ErrorCode::kNoError},
      {4, 0x7FFF'FFFF, ErrorCode::kNoError}, {4, 0x8000'0000, ErrorCode::kFlowControlError},
      {5, 16'384, ErrorCode::kNoError},      {5, 16'383, ErrorCode::kProtocolError},
      {5, 16'777'215, ErrorCode::kNoError},  {5, 16'777'216, ErrorCode::kProtocolError},
      {6, UINT32_MAX, ErrorCode::kNoError},  {8, 1, ErrorCode::kNoError},
      {8, 2, ErrorCode::kProtocolError},     {9, 1, ErrorCode::kNoError},
      {9, 2, ErrorCode::kProtocolError},     {0x4242, UINT32_MAX, ErrorCode::kNoError},
  };
  for (const SettingCase& c : cases) {
    EXPECT_EQ(FrameRules().TakeSettings(Setting(c.name, c.value)), c.wrong) << c.name << " " << c.value;
  }
}

TEST(FrameRules, SeeEveryValueHoweverTheFrameIsSplit) {
  std::string payload = Setting(4, 100) + Setting(4, 0x8000'0000) + Setting(4, 100);
  for (size_t split = 1; split <= payload.size(); ++split) {
    FrameRules rules;
    rules.Begin({.length = static_cast<uint32_t>(payload.size()), .type = FrameType::kSettings});
    ErrorCode wrong = ErrorCode::kNoError;
    for (size_t at = 0; at < payload.size() && wrong == ErrorCode::kNoError; at += split) {
      wrong = rules.TakeSettings(std::string_view(payload).substr(at, split));
    }
    EXPECT_EQ(wrong, ErrorCode::kFlowControlError) << split;
  }
}

TEST(FrameRules, ForgetWhatAFrameLeftUnfinished) {
  FrameRules rules;
  rules.TakeSettings("abc");
  rules.Begin({.length = 6, .type = FrameType::kSettings});
  EXPECT_EQ(rules.TakeSettings(Setting(4, 0x8000'0000)), ErrorCode::kFlowControlError);
}

}  // namespace
}  // namespace penstock::http::h2
