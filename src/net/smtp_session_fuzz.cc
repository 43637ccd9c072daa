// Any bytes as a client: however they are cut into pieces the transcript and the mails are the
// same, and no mail is larger than it may be.
#include <cstdlib>

#include "net/smtp_session.h"

namespace {

using tocsin::net::SmtpSession;

std::string played(std::string_view bytes, size_t piece_bytes) {
  SmtpSession::Options options;
  options.message_bytes_max = 300;
  options.line_bytes_max = 100;
  options.recipients_max = 3;
  SmtpSession session(options, [](std::string_view to) { return !to.starts_with('n'); });
  std::string out;
  while (!bytes.empty() && !session.over()) {
    out += session.feed(bytes.substr(0, piece_bytes));
    bytes.remove_prefix(std::min(piece_bytes, bytes.size()));
    while (const auto mail = session.take_mail()) {
      if (mail->to.empty() || mail->to.size() > 3 || mail->bytes.size() > 300) std::abort();
      out += "{" + mail->from + "|" + mail->to.back() + "|" + mail->bytes + "}";
      out += session.answer({250, "2.0.0", "kept"});
    }
  }
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (played(bytes, 1 + data[0] % 16) != played(bytes, std::string_view::npos)) std::abort();
  return 0;
}
