#include "access/secret.h"

#include <sodium.h>

#include <array>

#include "base/check.h"

namespace tocsin::access {
namespace {

constexpr size_t kSecretBytes = 32;

void begin_sodium() {
  const int begun = sodium_init();
  TOCSIN_CHECK(begun >= 0, "libsodium does not start: {}", begun);
}

}  // namespace

std::string new_secret(std::string_view prefix) {
  begin_sodium();
  std::array<uint8_t, kSecretBytes> bytes;
  randombytes_buf(bytes.data(), bytes.size());
  char text[sodium_base64_ENCODED_LEN(kSecretBytes, sodium_base64_VARIANT_URLSAFE_NO_PADDING)];
  sodium_bin2base64(text, sizeof text, bytes.data(), bytes.size(),
                    sodium_base64_VARIANT_URLSAFE_NO_PADDING);
  sodium_memzero(bytes.data(), bytes.size());
  return std::string(prefix) + text;
}

std::string hash_secret(std::string_view plain) {
  begin_sodium();
  std::array<uint8_t, kSecretBytes> hash;
  crypto_generichash(hash.data(), hash.size(), reinterpret_cast<const uint8_t*>(plain.data()),
                     plain.size(), nullptr, 0);
  char text[kSecretBytes * 2 + 1];
  sodium_bin2hex(text, sizeof text, hash.data(), hash.size());
  return text;
}

bool same_secret(std::string_view a, std::string_view b) {
  return a.size() == b.size() && sodium_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace tocsin::access
