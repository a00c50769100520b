#include "dataplane/http/h2/frame_rules.h"

namespace penstock::http::h2 {
namespace {

constexpr uint32_t kPadLength = 1;  // the field that says how much padding there is
constexpr uint32_t kPriorityFields = 5;

// RFC 9113 6.5.2, RFC 8441 3, RFC 9218 2.1.
struct SettingRule {
  uint16_t name;
  uint32_t least;
  uint32_t most;
  ErrorCode beyond;
};
constexpr SettingRule kSettings[] = {
    {2, 0, 1, ErrorCode::kProtocolError},                      // ENABLE_PUSH
    {4, 0, (1U << 31) - 1, ErrorCode::kFlowControlError},      // INITIAL_WINDOW_SIZE
    {5, 1U << 14, (1U << 24) - 1, ErrorCode::kProtocolError},  // MAX_FRAME_SIZE
    {8, 0, 1, ErrorCode::kProtocolError},                      // ENABLE_CONNECT_PROTOCOL
    {9, 0, 1, ErrorCode::kProtocolError},                      // NO_RFC7540_PRIORITIES
};

ErrorCode CheckSetting(uint16_t name, uint32_t value) {
  for (const SettingRule& rule : kSettings) {
    if (rule.name == name && (value < rule.least || value > rule.most)) return rule.beyond;
  }
  return ErrorCode::kNoError;
}

}  // namespace

ErrorCode FrameRules::Begin(const FrameHeader& frame) {
  have_ = 0;
  if (frame.length > kMaxPayload) return ErrorCode::kFrameSizeError;
  switch (frame.type) {
    case FrameType::kData:
    case FrameType::kHeaders: {
      // 4.2: too small for what its flags say that it begins with.
      uint32_t least = frame.Has(kPadded) ? kPadLength : 0;
      if (frame.type == FrameType::kHeaders && frame.Has(kPriorityFlag)) least += kPriorityFields;
      return frame.length < least ? ErrorCode::kFrameSizeError : ErrorCode::kNoError;
    }
    case FrameType::kPriority:
      // 6.3.
      return frame.stream == 0 ? ErrorCode::kProtocolError : ErrorCode::kNoError;
    default:
      return ErrorCode::kNoError;
  }
}

// 6.5.3: every value counts, in the order of the frame.
ErrorCode FrameRules::TakeSettings(std::string_view payload) {
  for (char byte : payload) {
    setting_[have_++] = static_cast<uint8_t>(byte);
    if (have_ < setting_.size()) continue;
    have_ = 0;
    uint16_t name = static_cast<uint16_t>(setting_[0] << 8 | setting_[1]);
    uint32_t value = 0;
    for (size_t i = 2; i < setting_.size(); ++i) value = value << 8 | setting_[i];
    ErrorCode wrong = CheckSetting(name, value);
    if (wrong != ErrorCode::kNoError) return wrong;
  }
  return ErrorCode::kNoError;
}

}  // namespace penstock::http::h2
