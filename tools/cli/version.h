#pragma once

namespace penstock::cli {

inline constexpr const char* kVersionText = "0.1.0";

}  // namespace penstock::cli
