#include "respond/mime.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>

#include "base/check.h"
#include "base/id.h"
#include "base/text.h"

namespace tocsin::respond {
namespace {

constexpr size_t kLineMax = 76;
constexpr size_t kWordBytesMax = 42;  // 42 bytes are 56 in base64; with =?UTF-8?B??= 68 of 75

std::string base64(std::string_view bytes) {
  constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (size_t at = 0; at < bytes.size(); at += 3) {
    const size_t have = std::min<size_t>(3, bytes.size() - at);
    uint32_t group = 0;
    for (size_t i = 0; i < 3; ++i)
      group = group << 8 | (i < have ? static_cast<unsigned char>(bytes[at + i]) : 0u);
    for (size_t i = 0; i < 4; ++i) out += i <= have ? kDigits[group >> (18 - 6 * i) & 63] : '=';
  }
  return out;
}

// Mail says that it is UTF-8: where it is not, every byte beyond ASCII becomes a question mark.
std::string utf8(std::string_view text) {
  std::string out(text);
  if (!valid_utf8(text))
    std::replace_if(out.begin(), out.end(), [](unsigned char c) { return c >= 0x80; }, '?');
  return out;
}

std::string without_controls(std::string_view text) {
  std::string out = utf8(text);
  std::replace_if(
      out.begin(), out.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; }, ' ');
  return out;
}

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](unsigned char c) { return c < 0x80; });
}

size_t character_end(std::string_view text, size_t at) {
  size_t end = at + 1;
  while (end < text.size() && end - at < 4 &&
         (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80)
    ++end;
  return end;
}

// Each word stands alone: a character is never split between two (RFC 2047, 5).
std::string encoded_words(std::string_view text) {
  std::string out;
  for (size_t at = 0; at < text.size();) {
    size_t end = at;
    while (end < text.size()) {
      const size_t next = character_end(text, end);
      if (next - at > kWordBytesMax) break;
      end = next;
    }
    out +=
        (out.empty() ? "=?UTF-8?B?" : "\r\n =?UTF-8?B?") + base64(text.substr(at, end - at)) + "?=";
    at = end;
  }
  return out;
}

bool has_long_word(std::string_view text) {
  size_t length = 0;
  for (const char c : text) {
    length = c == ' ' ? 0 : length + 1;
    if (length > kLineMax - 2) return true;
  }
  return false;
}

std::string folded(std::string_view text, size_t column) {
  std::string out;
  while (column + text.size() > kLineMax) {
    // Not at the first byte: a line of blanks alone is not allowed in a header.
    size_t blank = text.rfind(' ', column < kLineMax ? kLineMax - column : 1);
    if (blank == std::string_view::npos || blank == 0) blank = text.find(' ', 1);
    if (blank == std::string_view::npos) break;
    out += std::string(text.substr(0, blank)) + "\r\n ";
    text.remove_prefix(blank + 1);
    column = 1;
  }
  return out + std::string(text);
}

std::string one_blank(std::string_view text) {
  std::string out;
  for (const char c : text)
    if (c != ' ' || (!out.empty() && out.back() != ' ')) out += c;
  while (!out.empty() && out.back() == ' ') out.pop_back();
  return out;
}

// A line break that does not go on with a blank would begin another header.
bool breaks_out(std::string_view value) {
  for (size_t at = value.find_first_of("\r\n"); at != std::string_view::npos;
       at = value.find_first_of("\r\n", at + 3))
    if (value.substr(at, 3) != "\r\n ") return true;
  return false;
}

void append_part(std::string& out, std::string_view boundary, std::string_view type,
                 std::string_view body) {
  out += fmt::format(
      "--{}\r\nContent-Type: {}; charset=utf-8\r\n"
      "Content-Transfer-Encoding: quoted-printable\r\n\r\n{}\r\n",
      boundary, type, quoted_printable(utf8(body)));
}

}  // namespace

std::string header_text(std::string_view text, size_t column) {
  const std::string clean = one_blank(without_controls(text));
  // What looks like an encoded word must be encoded, or it would be decoded.
  if (is_ascii(clean) && !has_long_word(clean) && clean.find("=?") == std::string::npos)
    return folded(clean, column);
  return encoded_words(clean);
}

std::string mailbox(std::string_view name, std::string_view address) {
  if (name.empty()) return std::string(address);
  const std::string clean = one_blank(without_controls(name));
  if (!is_ascii(clean) || has_long_word(clean))
    return encoded_words(clean) + " <" + std::string(address) + ">";
  std::string quoted;
  for (const char c : clean) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return "\"" + quoted + "\" <" + std::string(address) + ">";
}

std::string mail_date(TimeMs time) {
  using namespace std::chrono;
  constexpr std::array kDays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                               "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const sys_seconds at{floor<std::chrono::seconds>(std::chrono::milliseconds(time.ms))};
  const sys_days day = floor<std::chrono::days>(at);
  const year_month_day date(day);
  const hh_mm_ss clock(at - day);
  return fmt::format("{}, {:02} {} {:04} {:02}:{:02}:{:02} +0000", kDays[weekday(day).c_encoding()],
                     static_cast<unsigned>(date.day()),
                     kMonths[static_cast<unsigned>(date.month()) - 1],
                     static_cast<int>(date.year()), clock.hours().count(), clock.minutes().count(),
                     clock.seconds().count());
}

std::string quoted_printable(std::string_view text) {
  std::string out;
  size_t column = 0;
  for (size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (c == '\n' || (c == '\r' && at + 1 < text.size() && text[at + 1] == '\n')) {
      if (c == '\r') ++at;
      out += "\r\n";
      column = 0;
      continue;
    }
    const bool ends_line = at + 1 == text.size() || text[at + 1] == '\n' || text[at + 1] == '\r';
    const bool blank = c == ' ' || c == '\t';
    const bool as_is = (c > 32 && c < 127 && c != '=') || (blank && !ends_line);
    const size_t width = as_is ? 1 : 3;
    if (column + width > kLineMax - 1) {  // room for the soft break's "="
      out += "=\r\n";
      column = 0;
    }
    if (as_is)
      out += c;
    else
      out += fmt::format("={:02X}", static_cast<unsigned char>(c));
    column += width;
  }
  return out;
}

std::string compose_mail(const MailParts& parts) {
  // No body line can begin with it: quoted-printable writes "=" only before hexadecimal digits.
  const std::string boundary = "=_" + to_text(IdBuilder().add(parts.text).add(parts.html).finish());
  std::string out;
  for (const auto& [name, value] : parts.headers) {
    TOCSIN_CHECK(!breaks_out(value), "mail header {} holds a line break", name);
    out += name + ": " + value + "\r\n";
  }
  out += "MIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary=\"" + boundary +
         "\"\r\n\r\n";
  append_part(out, boundary, "text/plain", parts.text);
  append_part(out, boundary, "text/html", parts.html);
  return out + "--" + boundary + "--\r\n";
}

}  // namespace tocsin::respond
