#pragma once
// TOCSIN_CHECK(condition, "text {}", value): a broken invariant ends the process with both values,
// in release builds too. Never for what a user can send.

#include <fmt/format.h>

#include <string_view>

namespace tocsin {
[[noreturn]] void check_failed(std::string_view condition, std::string_view text,
                               std::string_view file, int line);
}  // namespace tocsin

#define TOCSIN_CHECK(condition, ...)                                                      \
  do {                                                                                    \
    if (!(condition)) [[unlikely]]                                                        \
      ::tocsin::check_failed(#condition, ::fmt::format(__VA_ARGS__), __FILE__, __LINE__); \
  } while (false)
