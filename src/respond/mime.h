#pragma once
// Mail as bytes: headers that cannot be broken out of, RFC 2047 words, quoted-printable bodies,
// two alternatives. Pure functions; the result has CRLF lines of at most 998 bytes.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/time.h"

namespace tocsin::respond {

// The value of an unstructured header: ASCII folded at blanks, anything else as RFC 2047 encoded
// words. Controls (CR, LF among them) become blanks.
std::string header_text(std::string_view text, size_t column);
// `"Display name" <a@example.com>`, or the address alone.
std::string mailbox(std::string_view name, std::string_view address);
// RFC 5322, 3.3: "Mon, 23 Nov 2026 14:32:45 +0000".
std::string mail_date(TimeMs time);
std::string quoted_printable(std::string_view text);

struct MailParts {
  // In order. Values must be ready for the wire: made by the functions above, or plain ASCII.
  std::vector<std::pair<std::string, std::string>> headers;
  std::string text, html;  // UTF-8, any line ends
};
// multipart/alternative. The boundary is made from the content: the same mail has the same bytes.
std::string compose_mail(const MailParts& parts);


}  // namespace tocsin::respond
