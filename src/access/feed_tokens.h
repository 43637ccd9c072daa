#pragma once
// Tokens in the address of a calendar feed. A calendar program cannot send headers, and its address
// lies around in other companies' clouds: such a token opens this one feed and nothing else. It is
// a keyed BLAKE2b hash of the feed's path; a new key makes all of them worthless.

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace tocsin::access {

class FeedTokens {
 public:
  // The key is in this file, mode 0600; made if there is none. kUnavailable, kCorrupt.
  static Result<FeedTokens> load(const std::string& path);
  // 32 hexadecimal digits.
  std::string token_of(std::string_view feed) const;
  bool opens(std::string_view token, std::string_view feed) const;  // in constant time

 private:
  std::array<uint8_t, 32> key_{};
};

}  // namespace tocsin::access
