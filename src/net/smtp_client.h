#pragma once
// Hands a finished mail (headers and body, CRLF lines) to an SMTP server: plain, STARTTLS
// (required, never "if offered") or TLS from the first byte; AUTH PLAIN or LOGIN.

#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "net/address_list.h"
#include "net/outbound.h"

namespace tocsin::net {

enum class SmtpSecurity { kNone, kStartTls, kTls };

struct SmtpServer {
  std::string host;
  uint16_t port = 587;
  SmtpSecurity security = SmtpSecurity::kStartTls;
  std::string user, password;  // empty user = no AUTH
  std::string hello;           // name said in EHLO; empty = this machine's
  std::string ca_file;         // PEM; empty = the system's
  AddressList allowed;
};

struct SmtpMail {
  std::string from;             // envelope address
  std::vector<std::string> to;  // envelope addresses
  std::string message;
};

struct SmtpAnswer {
  int status = 0;                    // last reply code; 0 = no reply
  std::string text;                  // last reply line, cut at 500 bytes: "250 2.0.0 queued as 1F"
  std::string error;                 // empty = the server took it for at least one recipient
  std::vector<std::string> refused;  // reply lines of recipients that it did not take
  DurationMs elapsed{};
  bool ok() const { return error.empty(); }
};

// `local@domain` without spaces, controls or angle brackets, at most 254 bytes.
bool valid_mail_address(std::string_view address);

class SmtpClient {
 public:
  using Callback = std::function<void(SmtpAnswer)>;
  explicit SmtpClient(Outbound& outbound) : outbound_(outbound) {}

  // Any thread. The callback runs exactly once, on Outbound's thread; on an error (kInvalid:
  // addresses or host; kExhausted) it does not run.
  Result<void> send(const SmtpServer& server, SmtpMail mail, DurationMs timeout, Callback callback);

 private:
  Outbound& outbound_;
};

}  // namespace tocsin::net
