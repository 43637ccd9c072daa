#include "access/password.h"

#include <fmt/format.h>
#include <sodium.h>

#include "access/secret.h"
#include "base/text.h"

namespace tocsin::access {

Result<void> check_password(std::string_view plain, std::string_view user) {
  const auto wrong = [](std::string_view why) {
    return fail(ErrorCode::kInvalid, fmt::format("setting the password failed: {}", why));
  };
  if (plain.size() < kPasswordBytesMin)
    return wrong(fmt::format("it needs at least {} characters", kPasswordBytesMin));
  if (plain.size() > kPasswordBytesMax)
    return wrong(fmt::format("it may have at most {} bytes", kPasswordBytesMax));
  if (!valid_utf8(plain)) return wrong("it is not UTF-8");
  if (plain == user) return wrong("it is the user's name");
  if (plain.find_first_not_of(plain.front()) == plain.npos)
    return wrong("it is one character again and again");
  return {};
}

Result<std::string> hash_password(std::string_view plain) {
  if (sodium_init() < 0) return fail(ErrorCode::kInternal, "libsodium does not start");
  char hash[crypto_pwhash_STRBYTES];
  if (crypto_pwhash_str_alg(hash, plain.data(), plain.size(), crypto_pwhash_OPSLIMIT_INTERACTIVE,
                            crypto_pwhash_MEMLIMIT_INTERACTIVE, crypto_pwhash_ALG_ARGON2ID13) != 0)
    return fail(ErrorCode::kExhausted,
                "hashing the password failed: 64 MB of memory are needed for it; try again");
  return std::string(hash);
}

bool password_fits(const std::string& hash, std::string_view plain) {
  return plain.size() <= kPasswordBytesMax && sodium_init() >= 0 &&
         crypto_pwhash_str_verify(hash.c_str(), plain.data(), plain.size()) == 0;
}

const std::string& decoy_hash() {
  static const std::string hash = hash_password(new_secret("")).value_or(std::string());
  return hash;
}

}  // namespace tocsin::access
