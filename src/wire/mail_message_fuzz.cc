// Any bytes as a mail: what is read is UTF-8 within the limits, in one line where one is promised.
#include <cstdlib>

#include "base/text.h"
#include "wire/html_text.h"
#include "wire/mail_message.h"

namespace {

bool one_line(std::string_view text, size_t bytes_max) {
  return tocsin::valid_utf8(text) && text.size() <= bytes_max &&
         text.find_first_of("\r\n") == std::string_view::npos;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace tocsin;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (wire::html_text(bytes, 100).size() > 100) std::abort();
  const auto mail = wire::parse_mail(bytes);
  if (!mail) return 0;
  bool good = one_line(mail->subject, wire::kMailSubjectBytesMax) && one_line(mail->from, 998) &&
              one_line(mail->id, 998) && valid_utf8(mail->text) &&
              mail->text.size() <= wire::kMailTextBytesMax && !mail->from.empty() &&
              mail->to.size() <= wire::kMailAddressesMax;
  for (const std::string& id : mail->answers) good = good && one_line(id, 998);
  for (const std::string& to : mail->to) good = good && one_line(to, 998);
  if (!good) std::abort();
  return 0;
}
