#pragma once
// Passwords of people: argon2id (libsodium, 64 MB and two passes, about 0.1 s of one core), so
// never on a thread that serves others. Pure functions; any thread.

#include <string>
#include <string_view>

#include "base/result.h"

namespace tocsin::access {

inline constexpr size_t kPasswordBytesMin = 10, kPasswordBytesMax = 500;

// What a new one has to be: so long, UTF-8, not the user's own name.
Result<void> check_password(std::string_view plain, std::string_view user);
Result<std::string> hash_password(std::string_view plain);  // kExhausted: no memory for it
bool password_fits(const std::string& hash, std::string_view plain);
// Fits no password; takes as long as a real one, so that an unknown user answers no sooner.
const std::string& decoy_hash();

}  // namespace tocsin::access
