#include "net/smtp_session.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "net/smtp_client.h"

namespace tocsin::net {
namespace {

constexpr size_t kReplyBytesMax = 400;
constexpr std::string_view kEnd = "\r\n.\r\n";

char upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c & ~0x20) : c; }

bool begins_with(std::string_view text, std::string_view word) {
  return text.size() >= word.size() && std::equal(word.begin(), word.end(), text.begin(),
                                                  [](char a, char b) { return a == upper(b); });
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

std::string one_line(std::string_view text) {
  std::string out = cut_text(text, kReplyBytesMax);
  // Replies are ASCII.
  std::replace_if(
      out.begin(), out.end(), [](unsigned char c) { return c < 0x20 || c >= 0x7f; }, ' ');
  return out;
}

// <address> of MAIL FROM: and RCPT TO:, and what stands behind it. A source route
// (<@relay:user@host>) is left out.
struct Path {
  std::string_view address, rest;
};
std::optional<Path> path_of(std::string_view argument) {
  argument = trimmed(argument);
  if (!argument.starts_with('<')) return std::nullopt;
  const size_t end = argument.find('>');
  if (end == std::string_view::npos) return std::nullopt;
  Path out{argument.substr(1, end - 1), trimmed(argument.substr(end + 1))};
  if (out.address.starts_with('@')) {
    const size_t colon = out.address.find(':');
    if (colon == std::string_view::npos) return std::nullopt;
    out.address.remove_prefix(colon + 1);
  }
  return out;
}

}  // namespace

std::string SmtpSession::greeting() const {
  return fmt::format("220 {} ESMTP Tocsin\r\n", options_.name);
}

std::string SmtpSession::feed(std::string_view bytes) {
  waiting_ += bytes;
  return work();
}

std::optional<SmtpReceived> SmtpSession::take_mail() {
  if (!std::exchange(mail_ready_, false)) return std::nullopt;
  return std::move(mail_);
}

std::string SmtpSession::answer(const SmtpReply& reply) {
  if (state_ != State::kAnswer) return {};
  const std::string line =
      fmt::format("{} {} {}\r\n", reply.code, reply.enhanced, one_line(reply.text));
  std::string out;
  for (size_t i = 0; i < (lmtp_ ? recipients_ : 1); ++i) out += line;
  reset();
  return out + work();
}

std::string SmtpSession::work() {
  std::string out;
  for (bool more = true; more && state_ != State::kOver && state_ != State::kAnswer;) {
    if (state_ == State::kData) {
      out += take_data(more);
      continue;
    }
    const size_t end = waiting_.find('\n');
    if (end == std::string::npos || end > options_.line_bytes_max) {
      if (waiting_.size() > options_.line_bytes_max) return out + too_long();
      more = false;
      continue;
    }
    std::string line = waiting_.substr(0, end);
    waiting_.erase(0, end + 1);
    if (line.ends_with('\r')) line.pop_back();
    out += command(line);
  }
  if (state_ == State::kOver) waiting_.clear();
  return out;
}

std::string SmtpSession::too_long() {
  state_ = State::kOver;
  waiting_.clear();
  return "500 5.5.6 Line too long\r\n";
}

std::string SmtpSession::mistake(std::string_view reply) {
  if (++mistakes_ < options_.mistakes_max) return std::string(reply);
  state_ = State::kOver;
  return "421 4.7.0 Too many mistakes\r\n";
}

void SmtpSession::reset() {
  mail_ = {};
  mail_ready_ = false;
  data_bytes_ = 0;
  if (state_ != State::kGreeting && state_ != State::kOver) state_ = State::kReady;
}

std::string SmtpSession::command(std::string_view line) {
  const size_t blank = std::min(line.find(' '), line.size());
  std::string word(line.substr(0, blank));
  for (char& c : word) c = upper(c);
  const std::string_view argument = trimmed(line.substr(blank));
  if (word == "EHLO" || word == "HELO" || word == "LHLO") return hello(word, argument);
  if (word == "QUIT") {
    state_ = State::kOver;
    return "221 2.0.0 Bye\r\n";
  }
  if (word == "NOOP") return "250 2.0.0 OK\r\n";
  if (word == "RSET") {
    reset();
    return "250 2.0.0 OK\r\n";
  }
  if (word == "VRFY") return "252 2.1.5 Send it and see\r\n";
  if (word == "MAIL" && begins_with(argument, "FROM:")) return mail_from(argument.substr(5));
  if (word == "RCPT" && begins_with(argument, "TO:")) return rcpt_to(argument.substr(3));
  if (word == "DATA") return begin_data();
  return mistake("500 5.5.2 Not a command here; there is neither AUTH nor STARTTLS\r\n");
}

std::string SmtpSession::hello(std::string_view word, std::string_view argument) {
  if (argument.empty()) return mistake("501 5.5.4 Say who you are\r\n");
  state_ = State::kReady;
  reset();
  lmtp_ = word == "LHLO";
  if (word == "HELO") return fmt::format("250 {}\r\n", options_.name);
  return fmt::format(
      "250-{}\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-SIZE {}\r\n250 ENHANCEDSTATUSCODES\r\n",
      options_.name, options_.message_bytes_max);
}

std::string SmtpSession::mail_from(std::string_view argument) {
  if (state_ != State::kReady) return mistake("503 5.5.1 Greet first; one mail at a time\r\n");
  const auto path = path_of(argument);
  if (!path || (!path->address.empty() && !valid_mail_address(path->address)))
    return mistake("501 5.1.7 Not an address; write MAIL FROM:<a@example.com>\r\n");
  for (std::string_view rest = path->rest; !rest.empty();) {
    const size_t end = std::min(rest.find(' '), rest.size());
    if (begins_with(rest, "SIZE=")) {
      const auto bytes = parse_int(rest.substr(5, end - 5));
      if (!bytes || *bytes < 0) return mistake("501 5.5.4 SIZE is no number\r\n");
      if (static_cast<uint64_t>(*bytes) > options_.message_bytes_max)
        return fmt::format("552 5.3.4 A mail has at most {} bytes here\r\n",
                           options_.message_bytes_max);
    }
    rest = trimmed(rest.substr(end));
  }
  if (++mails_ > options_.mails_max) {
    state_ = State::kOver;
    return "421 4.7.0 Enough for one connection; come again\r\n";
  }
  mail_.from = path->address;
  state_ = State::kSender;
  return "250 2.1.0 OK\r\n";
}

std::string SmtpSession::rcpt_to(std::string_view argument) {
  if (state_ != State::kSender && state_ != State::kRecipients)
    return mistake("503 5.5.1 MAIL first\r\n");
  const auto path = path_of(argument);
  if (!path || !valid_mail_address(path->address))
    return mistake("501 5.1.3 Not an address; write RCPT TO:<a@example.com>\r\n");
  if (mail_.to.size() >= options_.recipients_max) return "452 4.5.3 Too many recipients\r\n";
  if (!knows_(path->address))
    return mistake("550 5.1.1 Not an address of section mail of the configuration\r\n");
  mail_.to.emplace_back(path->address);
  recipients_ = mail_.to.size();
  state_ = State::kRecipients;
  return "250 2.1.5 OK\r\n";
}

std::string SmtpSession::begin_data() {
  if (state_ != State::kRecipients) return mistake("503 5.5.1 Recipients first\r\n");
  state_ = State::kData;
  line_begins_ = true;
  return "354 End it with a line that holds a dot alone\r\n";
}

// Moves what came into the mail. The bytes that could be the beginning of its end stay.
std::string SmtpSession::take_data(bool& more) {
  size_t end = std::string::npos;  // of the mail's bytes
  size_t skip = 0;
  if (line_begins_ && waiting_.starts_with(".\r\n")) {
    end = 0;
    skip = 3;
  } else if (const size_t at = waiting_.find(kEnd); at != std::string::npos) {
    end = at + 2;
    skip = at + kEnd.size();
  }
  more = end != std::string::npos;
  if (!more) {
    end = waiting_.size() - std::min(waiting_.size(), kEnd.size() - 1);
    // A line's end is never cut in two: what follows it may be a dot.
    if (end > 0 && waiting_[end - 1] == '\r') --end;
    skip = end;
  }
  const bool fits = data_bytes_ + end <= options_.message_bytes_max;
  for (size_t i = 0; i < end && fits;) {
    // RFC 5321, 4.5.2: a dot that begins a line was doubled.
    if (line_begins_ && waiting_[i] == '.') ++i;
    line_begins_ = false;
    const size_t line = std::min(waiting_.find("\r\n", i), end);
    const size_t stop = line + 2 <= end ? line + 2 : end;
    mail_.bytes.append(waiting_, i, stop - i);
    line_begins_ = line + 2 <= end;
    i = stop;
  }
  data_bytes_ += end;
  waiting_.erase(0, skip);
  if (!fits) mail_.bytes = {};
  if (!fits && end > 0) line_begins_ = false;
  if (data_bytes_ > 4 * options_.message_bytes_max) {
    state_ = State::kOver;
    return "421 4.3.4 Far too large\r\n";
  }
  if (!more) return {};
  state_ = State::kAnswer;
  mail_ready_ = data_bytes_ <= options_.message_bytes_max;
  if (mail_ready_) return {};
  return answer(
      {552, "5.3.4", fmt::format("A mail has at most {} bytes here", options_.message_bytes_max)});
}

}  // namespace tocsin::net
