#pragma once
// Secrets that the program makes: tokens, sessions, set-up links. 32 random bytes each, so a plain
// hash is enough to keep them by (a password needs more: password.h).

#include <string>
#include <string_view>

namespace tocsin::access {

// prefix + 43 characters (base64url without padding).
std::string new_secret(std::string_view prefix);
// BLAKE2b-256 as 64 hexadecimal digits: what is kept of a secret, and looked up by.
std::string hash_secret(std::string_view plain);
// In constant time; secrets differ in length without telling more than that.
bool same_secret(std::string_view a, std::string_view b);

}  // namespace tocsin::access
