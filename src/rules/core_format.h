#pragma once
// Shared by core_save.cc and core_load.cc. Internal to src/rules.

#include <cstdint>

namespace tocsin::rules {
inline constexpr uint8_t kFormatVersion = 2;
}  // namespace tocsin::rules
