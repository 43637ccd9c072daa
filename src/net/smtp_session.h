#pragma once
// The server's side of SMTP (RFC 5321) and LMTP (RFC 2033) on one connection, as a state machine:
// bytes in, bytes to send out. No socket, no clock, no thread. Which of the two it is, says the
// client's greeting (LHLO). Without AUTH and STARTTLS: it stands behind a mail server, on the same
// machine or in the same network.
//
// Bounded: a line, recipients of a mail, bytes of a mail (past it 552; what goes on beyond four
// times as much ends the connection), mails and mistakes of a connection. The end of a mail is
// <CR><LF>.<CR><LF> and nothing else, so that two servers never see two mails where one sees one.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tocsin::net {

struct SmtpReceived {
  std::string from;             // empty: a bounce
  std::vector<std::string> to;  // at least one
  std::string bytes;            // header and body, CRLF lines, dots unstuffed
};

struct SmtpReply {
  int code = 250;             // 250, 451, 550, 552, 554
  std::string_view enhanced;  // "2.0.0" (RFC 3463)
  std::string text;           // becomes one line of at most 400 bytes
};

class SmtpSession {
 public:
  struct Options {
    std::string name = "tocsin";  // what the greeting says
    size_t message_bytes_max = 2 * 1024 * 1024;
    size_t line_bytes_max = 2048;  // of a command
    size_t recipients_max = 50;
    size_t mails_max = 200;
    size_t mistakes_max = 10;
  };
  // Whether mail to an address could be taken.
  using Knows = std::function<bool(std::string_view address)>;

  SmtpSession(Options options, Knows knows)
      : options_(std::move(options)), knows_(std::move(knows)) {}

  std::string greeting() const;
  // Takes what came; returns what is to be sent. Bytes behind a complete mail wait until it was
  // answered: they may be part of the next one.
  std::string feed(std::string_view bytes);
  // The mail that waits for an answer; once.
  std::optional<SmtpReceived> take_mail();
  // Of that mail; for LMTP each recipient gets it. Goes on with what waits.
  std::string answer(const SmtpReply& reply);
  // All is sent that is to be sent: close.
  bool over() const { return state_ == State::kOver; }

 private:
  enum class State : uint8_t { kGreeting, kReady, kSender, kRecipients, kData, kAnswer, kOver };

  std::string work();
  std::string command(std::string_view line);
  std::string hello(std::string_view word, std::string_view argument);
  std::string mail_from(std::string_view argument);
  std::string rcpt_to(std::string_view argument);
  std::string begin_data();
  std::string take_data(bool& more);
  std::string too_long();
  std::string mistake(std::string_view reply);
  void reset();

  const Options options_;
  const Knows knows_;
  State state_ = State::kGreeting;
  bool lmtp_ = false;
  std::string waiting_;  // not worked on yet
  SmtpReceived mail_;
  size_t recipients_ = 0;    // of the mail that waits for an answer
  size_t data_bytes_ = 0;    // of the mail that comes in, kept or not
  bool line_begins_ = true;  // within a mail
  bool mail_ready_ = false;
  size_t mails_ = 0, mistakes_ = 0;
};

}  // namespace tocsin::net
