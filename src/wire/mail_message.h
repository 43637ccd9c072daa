#pragma once
// A mail as it arrives (RFC 5322 with MIME), read into plain values. GMime reads it; what GMime
// does not bound is bounded here. mail_message.cc is the only file that includes it.
//
// Bounded: the header (lines, bytes), parts that are looked at, depth of parts, addresses, ids, the
// text. A NUL byte, a header without end and what has no sender are refused.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace tocsin::wire {

inline constexpr size_t kMailHeaderBytesMax = 256 * 1024;
inline constexpr size_t kMailHeaderLinesMax = 4000;
inline constexpr size_t kMailTextBytesMax = 64 * 1024;
inline constexpr size_t kMailSubjectBytesMax = 500;
inline constexpr size_t kMailAddressesMax = 200;

struct MailMessage {
  // Whether a person wrote it, as far as it says itself (RFC 3834 and older customs).
  enum class Origin {
    kPerson,
    kProgram,  // Auto-Submitted: auto-generated: cron, a monitoring system
    kReply,    // an out-of-office answer, or another that a program gives
    kBounce,   // a report of a mail server
    kList,     // Precedence: bulk, list or junk
    kOurs,     // one that Tocsin sent
  };
  Origin origin = Origin::kPerson;
  std::string id;                    // of Message-ID, without brackets; empty if there is none
  std::vector<std::string> answers;  // ids in In-Reply-To and References, the nearest first
  std::string from;                  // address, lower case
  std::vector<std::string> to;       // addresses of To, Cc, Delivered-To, X-Original-To
  std::string subject;               // one line; may be empty
  std::string text;                  // UTF-8, lines end with \n; of text/plain, else of text/html
  size_t hops = 0;                   // Received headers
  std::string severity, labels;      // values of X-Tocsin-Severity, X-Tocsin-Labels
};
std::string_view to_text(MailMessage::Origin origin);  // "person", "program", "reply", ...

Result<MailMessage> parse_mail(std::string_view bytes);

}  // namespace tocsin::wire
