#include "respond/acts.h"

#include <fmt/format.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>

#include "base/text.h"
#include "respond/answer.h"

namespace tocsin::respond {
namespace {

constexpr size_t kHead = 26, kMac = 16, kWhoMax = 100;
constexpr size_t kTokenMax = 300;
constexpr int64_t kSlackWindowS = 300;

std::string hmac_sha256(std::string_view key, std::string_view bytes) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned length = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
       reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), digest.data(), &length);
  return {reinterpret_cast<const char*>(digest.data()), length};
}

bool same_bytes(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

void put_64(std::string& out, uint64_t value) {
  for (int shift = 56; shift >= 0; shift -= 8) out += static_cast<char>(value >> shift & 0xff);
}

uint64_t get_64(std::string_view bytes) {
  uint64_t out = 0;
  for (size_t i = 0; i < 8; ++i) out = out << 8 | static_cast<unsigned char>(bytes[i]);
  return out;
}

constexpr std::string_view kDigits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

std::string base64url(std::string_view bytes) {
  std::string out;
  uint32_t bits = 0;
  int count = 0;
  for (const char c : bytes) {
    bits = bits << 8 | static_cast<unsigned char>(c);
    for (count += 8; count >= 6;) out += kDigits[bits >> (count -= 6) & 63];
  }
  if (count > 0) out += kDigits[bits << (6 - count) & 63];
  return out;
}

// nullopt unless it is exactly what base64url() makes.
std::optional<std::string> from_base64url(std::string_view text) {
  std::string out;
  uint32_t bits = 0;
  int count = 0;
  for (const char c : text) {
    const size_t digit = kDigits.find(c);
    if (digit == std::string_view::npos) return std::nullopt;
    bits = bits << 6 | static_cast<uint32_t>(digit);
    count += 6;
    if (count >= 8) out += static_cast<char>(bits >> (count -= 8) & 0xff);
  }
  if (base64url(out) != text) return std::nullopt;
  return out;
}

std::optional<std::string> form_value(std::string_view body, std::string_view name) {
  const auto hex = [](char c) -> int {
    if (c >= '0' && c <= '9') return c - '0';
    const char lower = static_cast<char>(c | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
  };
  while (!body.empty()) {
    const size_t end = std::min(body.find('&'), body.size());
    const std::string_view pair = body.substr(0, end);
    body.remove_prefix(std::min(end + 1, body.size()));
    if (!pair.starts_with(name) || pair.substr(name.size(), 1) != "=") continue;
    std::string out;
    for (size_t i = name.size() + 1; i < pair.size(); ++i) {
      const bool escape =
          pair[i] == '%' && i + 2 < pair.size() && hex(pair[i + 1]) >= 0 && hex(pair[i + 2]) >= 0;
      if (escape) {
        out += static_cast<char>(hex(pair[i + 1]) << 4 | hex(pair[i + 2]));
        i += 2;
      } else {
        out += pair[i] == '+' ? ' ' : pair[i];
      }
    }
    return out;
  }
  return std::nullopt;
}

}  // namespace

std::string_view to_text(Act act) {
  switch (act) {
    case Act::kAcknowledge:
      return "acknowledge";
    case Act::kResolve:
      return "resolve";
    case Act::kSilence:
      return "silence";
  }
  return "";
}

std::optional<Act> parse_act(std::string_view text) {
  for (const Act act : {Act::kAcknowledge, Act::kResolve, Act::kSilence})
    if (text == to_text(act)) return act;
  return std::nullopt;
}

std::string ActSigner::mac(std::string_view bytes) const {
  return hmac_sha256(key_.reveal(), bytes).substr(0, kMac);
}

std::string ActSigner::token(const ActLink& link) const {
  std::string out{'\1', static_cast<char>(link.act)};
  put_64(out, link.alert.high);
  put_64(out, link.alert.low);
  put_64(out, static_cast<uint64_t>(link.expires.ms / 1000));
  out += cut_text(link.who, kWhoMax);
  return base64url(out + mac(out));
}

Result<ActLink> ActSigner::open(std::string_view token, TimeMs now) const {
  const auto not_ours = fail(ErrorCode::kInvalid, "this link is not one of Tocsin's, or was cut");
  const auto bytes = token.size() <= kTokenMax ? from_base64url(token) : std::nullopt;
  if (!bytes || bytes->size() < kHead + kMac) return not_ours;
  const std::string_view said = std::string_view(*bytes).substr(0, bytes->size() - kMac);
  if (!same_bytes(mac(said), std::string_view(*bytes).substr(said.size()))) return not_ours;
  const auto act = static_cast<Act>(said[1]);
  if (said[0] != 1 || to_text(act).empty()) return not_ours;
  ActLink out;
  out.act = act;
  out.alert.high = get_64(said.substr(2));
  out.alert.low = get_64(said.substr(10));
  out.expires = TimeMs{static_cast<int64_t>(get_64(said.substr(18))) * 1000};
  out.who = said.substr(kHead);
  if (now >= out.expires)
    return fail(
        ErrorCode::kRefused,
        fmt::format("this link was good until {}; open the alert instead", to_iso(out.expires)));
  return out;
}

bool slack_signed(const Secret& signing_secret, std::string_view timestamp,
                  std::string_view signature, std::string_view body, TimeMs now) {
  const auto sent = parse_int(timestamp);
  const int64_t now_s = now.ms / 1000;
  if (!sent || *sent < now_s - kSlackWindowS || *sent > now_s + kSlackWindowS) return false;
  std::string expected = "v0=";
  const std::string said = fmt::format("v0:{}:{}", timestamp, body);
  for (const unsigned char c : hmac_sha256(signing_secret.reveal(), said))
    expected += fmt::format("{:02x}", c);
  return same_bytes(expected, signature);
}

Result<std::optional<SlackPress>> parse_slack_press(std::string_view body) {
  const auto payload = form_value(body, "payload");
  const JsonAnswer said(payload.value_or(""));
  if (!payload || said.text("type") != "block_actions")
    return fail(ErrorCode::kInvalid,
                "reading a button press failed: it is not Slack's payload of "
                "block_actions");
  const auto act = parse_act(said.text("actions.0.action_id"));
  if (!act) return std::optional<SlackPress>();
  const auto alert = parse_id(said.text("actions.0.value"));
  SlackPress out{*act, {}, said.text("user.id"), said.text("user.username")};
  if (out.user_name.empty()) out.user_name = said.text("user.name");
  if (!alert || out.user_id.empty() || out.user_id.size() > 50)
    return fail(ErrorCode::kInvalid, "reading a button press failed: no alert or no user in it");
  out.alert = *alert;
  out.user_name = cut_text(out.user_name, 100);
  return std::optional<SlackPress>(std::move(out));
}

}  // namespace tocsin::respond
