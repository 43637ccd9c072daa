// Tokens of replies (acts.h).
#include <fmt/format.h>
#include <openssl/crypto.h>

#include <array>

#include "respond/acts.h"

namespace tocsin::respond {
namespace {

constexpr std::string_view kDomain =
    "mail reply 1";  // no other signature of the key is one of these
constexpr size_t kSaid = 22, kMac = 8;
constexpr std::string_view kDigits = "abcdefghijklmnopqrstuvwxyz234567";
constexpr int64_t kDayMs = 86'400'000;

// 5 bytes are 8 digits; the token's length is a multiple of both.
std::string base32(std::string_view bytes) {
  std::string out;
  uint32_t bits = 0;
  int count = 0;
  for (const char c : bytes) {
    bits = bits << 8 | static_cast<unsigned char>(c);
    for (count += 8; count >= 5;) out += kDigits[bits >> (count -= 5) & 31];
  }
  return out;
}

std::optional<std::string> from_base32(std::string_view text) {
  std::string out;
  uint32_t bits = 0;
  int count = 0;
  for (const char c : text) {
    const char small = c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
    const size_t digit = kDigits.find(small);
    if (digit == std::string_view::npos) return std::nullopt;
    bits = bits << 5 | static_cast<uint32_t>(digit);
    count += 5;
    if (count >= 8) out += static_cast<char>(bits >> (count -= 8) & 0xff);
  }
  return out;
}

void put(std::string& out, uint64_t value, int bytes) {
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8)
    out += static_cast<char>(value >> shift & 0xff);
}

uint64_t get(std::string_view bytes) {
  uint64_t out = 0;
  for (const char c : bytes) out = out << 8 | static_cast<unsigned char>(c);
  return out;
}

}  // namespace

uint32_t reply_receiver(std::string_view name) { return static_cast<uint32_t>(hash64(name)); }

std::string ActSigner::reply_token(const ReplyToken& reply) const {
  std::string said;
  put(said, reply.alert.high, 8);
  put(said, reply.alert.low, 8);
  put(said, static_cast<uint64_t>(reply.expires.ms / kDayMs), 2);
  put(said, reply.receiver, 4);
  return base32(said + mac(std::string(kDomain) + said).substr(0, kMac));
}

Result<ReplyToken> ActSigner::open_reply(std::string_view token, TimeMs now) const {
  const auto bytes = token.size() == kReplyTokenBytes ? from_base32(token) : std::nullopt;
  const auto not_ours =
      fail(ErrorCode::kInvalid, "this is no reply to a mail of Tocsin's, or its address was cut");
  if (!bytes || bytes->size() != kSaid + kMac) return not_ours;
  const std::string said = bytes->substr(0, kSaid);
  if (CRYPTO_memcmp(mac(std::string(kDomain) + said).data(), bytes->data() + kSaid, kMac) != 0)
    return not_ours;
  const std::string_view all = said;
  ReplyToken out;
  out.alert = {get(all.substr(0, 8)), get(all.substr(8, 8))};
  out.expires = TimeMs{static_cast<int64_t>(get(all.substr(16, 2))) * kDayMs};
  out.receiver = static_cast<uint32_t>(get(all.substr(18, 4)));
  if (now >= out.expires)
    return fail(ErrorCode::kRefused,
                fmt::format("replies to this mail were taken until {}; open the alert instead",
                            to_iso(out.expires)));
  return out;
}

}  // namespace tocsin::respond
