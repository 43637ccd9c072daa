#include "respond/mail.h"

#include <fmt/format.h>

#include <array>
#include <optional>

#include "base/html.h"
#include "base/text.h"
#include "config/reader.h"
#include "respond/http_options.h"
#include "respond/mime.h"
#include "respond/person_notice.h"

namespace tocsin::respond {
namespace {

using config::MapReader;

constexpr size_t kViolationsShown = 8;
constexpr size_t kSubjectMax = 200;

// A customer's mail cannot be replied to: what it says would act.
std::optional<std::string> reply_token(const Links& links, const Notice& notice) {
  if (!notice.acts) return std::nullopt;
  return links.reply_token(*notice.alert, notice.receiver);
}

// Behind a dot, where a reply's In-Reply-To brings it back (incoming_mail.h); empty without one.
std::string id_token(const Links& links, const Notice& notice) {
  const auto token = reply_token(links, notice);
  return token ? "." + *token : "";
}

// The same for every mail of one alert to one receiver, so that answers find their thread.
std::string thread_id(const MailTarget& target, const Links& links, const Notice& notice) {
  const std::string domain = target.from.substr(target.from.rfind('@') + 1);
  return fmt::format("<alert.{}.{:016x}{}@{}>", to_text(notice.alert->id), hash64(notice.receiver),
                     id_token(links, notice), domain);
}

std::string message_id(const MailTarget& target, const Links& links, const Notice& notice) {
  const std::string domain = target.from.substr(target.from.rfind('@') + 1);
  return fmt::format("<notice.{}{}@{}>", to_text(hash128(notice.key)), id_token(links, notice),
                     domain);
}

// tocsin+TOKEN@example.com
std::optional<std::string> reply_to(const Links& links, const Notice& notice) {
  const auto token = reply_token(links, notice);
  if (!token) return std::nullopt;
  const size_t at = links.reply_address.rfind('@');
  return links.reply_address.substr(0, at) + "+" + *token + links.reply_address.substr(at);
}

constexpr std::string_view kHowToReply =
    "Reply with ack, resolve, silence 1h, unack, or with words for its record.";

bool can_reply(const Links& links, const Notice& notice) {
  return notice.alert->state == AlertState::kOpen && reply_token(links, notice).has_value();
}

bool opens(const Notice& notice) {
  return notice.event == Event::kOpened || notice.event == Event::kTest;
}

std::string addresses(const std::vector<std::string>& to) {
  std::string out;
  for (const std::string& each : to) out += (out.empty() ? "" : ",\r\n ") + each;
  return out;
}

std::string colour(const Notice& notice) {
  if (notice.event == Event::kTest) return "#7b3a8c";
  if (notice.closed()) return "#2c6b3f";
  switch (notice.alert->latest->severity) {
    case Severity::kCritical:
      return "#b4141e";
    case Severity::kHigh:
      return "#944600";
    case Severity::kLow:
      return "#6a5600";
  }
  return {};
}

std::string html_row(std::string_view name, std::string_view value) {
  return fmt::format(
      "<tr><td style=\"padding:3px 16px 3px 0;color:#5b676d;vertical-align:top\">{}</td>"
      "<td style=\"padding:3px 0\">{}</td></tr>\n",
      html_escaped(name), html_escaped(value));
}

std::string html_link(std::string_view url, std::string_view words) {
  return fmt::format("<a href=\"{}\" style=\"color:#0a6270;margin-right:16px\">{}</a>\n",
                     html_escaped(url), html_escaped(words));
}

std::string html_lines(const std::vector<std::string>& lines) {
  std::string out;
  for (const std::string& line : lines)
    out += "<div style=\"padding:2px 0\">" + html_escaped(line) + "</div>\n";
  return out;
}

bool is_local(const std::string& host) {
  return host == "localhost" || host == "::1" || host.rfind("127.", 0) == 0;
}

// A key that mail needs and the other kinds do not know.
template <class T>
T needed(MapReader& m, const char* key, const char* doc) {
  T out = m.value<T>(key, T{}, doc);
  if (!m.describing() && out.empty()) m.problem(key, "a mail receiver needs it");
  return out;
}

net::SmtpServer read_server(MapReader& m, SecretReader& secrets) {
  net::SmtpServer out;
  out.host = needed<std::string>(m, "host", "mail: the server.");
  const size_t security = m.choice("security", {"starttls", "tls", "none"}, "starttls",
                                   "mail: starttls (required, not only if offered), tls from the "
                                   "first byte, or none.");
  out.security = std::array{net::SmtpSecurity::kStartTls, net::SmtpSecurity::kTls,
                            net::SmtpSecurity::kNone}[security];
  constexpr std::array<int64_t, 3> kPorts{587, 465, 25};
  const auto port =
      m.optional<int64_t>("port", "mail: 587 for starttls, 465 for tls, 25 for none.");
  out.port = static_cast<uint16_t>(port.value_or(kPorts[security]));
  if (port && (*port < 1 || *port > 65535)) m.problem("port", "must be 1 to 65535");
  out.user =
      m.value<std::string>("user", "", "To sign in with: HTTP Basic; mail: AUTH PLAIN or LOGIN.");
  out.password = secrets.read("password", "Password of the user.").reveal();
  out.hello =
      m.value<std::string>("hello", "", "mail: said in EHLO; this machine's name if empty.");
  out.ca_file = read_ca_file(m);
  out.allowed = read_allowed(m);
  if (m.describing()) return out;
  if (!out.user.empty() && out.security == net::SmtpSecurity::kNone && !is_local(out.host))
    m.problem("security", "a password must not go over the network unencrypted; use starttls");
  if (out.user.empty() == SecretReader::given(m, "password"))
    m.problem("user", "user and password (password_file, password_env) go together");
  return out;
}

Error no_address(const std::string& text) {
  return {ErrorCode::kInvalid, "\"" + cut_text(text, 60) + "\" is no mail address", ""};
}

}  // namespace

TargetPtr MailTarget::read(MapReader& m, const SecretSources& sources) {
  auto out = std::make_shared<MailTarget>();
  SecretReader secrets(m, sources);
  out->server = read_server(m, secrets);
  out->from = needed<std::string>(m, "from", "mail: sender's address.");
  out->from_name = m.value<std::string>("from_name", "Tocsin", "mail: sender's name.");
  out->to = needed<std::vector<std::string>>(m, "to",
                                             "mail: addresses; sms, voice: numbers. At most 100.");
  out->timeout = m.value<DurationMs>("timeout", out->timeout, "Of one mail; 100ms to 5m.");
  if (out->timeout < milliseconds(100) || out->timeout > minutes(5))
    m.problem("timeout", "must be 100ms to 5m");
  if (m.describing()) return out;
  if (!out->from.empty() && !net::valid_mail_address(out->from))
    m.problem("from", no_address(out->from).message);
  for (size_t i = 0; i < out->to.size(); ++i)
    if (!net::valid_mail_address(out->to[i])) m.problem("to", i, no_address(out->to[i]).message);
  if (out->to.size() > 100) m.problem("to", "at most 100 addresses");
  return out;
}

Result<TargetPtr> MailTarget::for_address(const std::string& address) const {
  if (!net::valid_mail_address(address)) return fail(no_address(address));
  auto out = std::make_shared<MailTarget>(*this);
  out->to = {address};
  return out;
}

void MailTarget::deliver(const Way& way, const Message& message, Done done) const {
  net::SmtpMail mail;
  mail.from = from;
  mail.to = to;
  mail.message = mail_message(*this, message.links, message.notice);
  net::SmtpClient smtp = way.smtp;
  const auto sent = smtp.send(server, std::move(mail), timeout,
                              [done](const net::SmtpAnswer& answer) { done(judge_mail(answer)); });
  if (!sent) done(not_started(sent.error()));
}

// Mail programs that thread by subject ignore "Re:"; what changed stands in the first line.
std::string mail_subject(const Notice& notice) {
  const Decision& opened = notice.alert->opened;
  const std::string said = notice.title             ? *notice.title
                           : opened.summary.empty() ? "rule " + opened.rule_id
                                                    : opened.summary;
  const std::string word = is_person_notice(notice.alert->id) || notice.event == Event::kTest
                               ? state_word(notice)
                               : std::string(to_text(opened.severity));
  const std::string subject = fmt::format("[{}] {}", word, said);
  return (opens(notice) ? "" : "Re: ") + cut_text(subject, kSubjectMax);
}

std::string mail_text(const Links& links, const Notice& notice, const std::string& who) {
  std::string out = state_word(notice) + ": " + sentence(notice) + "\n\n";
  for (const auto& [name, value] : facts(notice)) out += fmt::format("{:<13} {}\n", name, value);
  if (const std::string text = description(notice); !text.empty()) out += "\n" + text + "\n";
  const auto lines = violation_lines(*notice.alert, kViolationsShown);
  if (!lines.empty()) out += "\n";
  for (const std::string& line : lines) out += "- " + line + "\n";
  out += "\n" + links.page(*notice.alert) + "\n";
  if (const auto grafana = links.grafana_url(*notice.alert)) out += *grafana + "\n";
  if (const auto act = acknowledge_url(links, notice, who)) out += "\nAcknowledge: " + *act + "\n";
  if (can_reply(links, notice)) out += "\n" + std::string(kHowToReply) + "\n";
  return out;
}

std::string mail_html(const Links& links, const Notice& notice, const std::string& who) {
  std::string out =
      "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
      "<meta name=\"viewport\" content=\"width=device-width\"></head>\n"
      "<body style=\"margin:0;padding:20px;background:#ffffff;color:#12191c;"
      "font:15px/1.45 system-ui,-apple-system,'Segoe UI',Arial,sans-serif\">\n";
  out += fmt::format(
      "<div style=\"border-left:4px solid {0};padding-left:14px;margin-bottom:16px\">"
      "<div style=\"color:{0};font-weight:600\">{1}</div>"
      "<div style=\"font-size:19px;line-height:1.3\">{2}</div></div>\n",
      colour(notice), html_escaped(state_word(notice)), html_escaped(sentence(notice)));
  out += "<table role=\"presentation\" style=\"border-collapse:collapse;font-size:14px\">\n";
  for (const auto& [name, value] : facts(notice)) out += html_row(name, value);
  out += "</table>\n";
  if (const std::string text = description(notice); !text.empty())
    out += "<p style=\"white-space:pre-line\">" + html_escaped(text) + "</p>\n";
  out += "<div style=\"margin:14px 0;font-size:14px\">\n" +
         html_lines(violation_lines(*notice.alert, kViolationsShown)) + "</div>\n<p>";
  out += html_link(links.page(*notice.alert), link_words(notice));
  if (const auto grafana = links.grafana_url(*notice.alert)) out += html_link(*grafana, "Grafana");
  if (const auto act = acknowledge_url(links, notice, who)) out += html_link(*act, "Acknowledge");
  out += "</p>";
  if (can_reply(links, notice)) out += "<p>" + std::string(kHowToReply) + "</p>";
  return out + "</body></html>\n";
}

std::string mail_message(const MailTarget& target, const Links& links, const Notice& notice) {
  const std::string thread = thread_id(target, links, notice);
  MailParts parts;
  const auto add = [&](std::string name, std::string value) {
    parts.headers.emplace_back(std::move(name), std::move(value));
  };
  add("Date", mail_date(notice.time));
  add("From", mailbox(target.from_name, target.from));
  add("To", addresses(target.to));
  add("Subject", header_text(mail_subject(notice), std::string_view("Subject: ").size()));
  add("Message-ID", opens(notice) ? thread : message_id(target, links, notice));
  if (const auto address = reply_to(links, notice)) add("Reply-To", *address);
  if (!opens(notice)) {
    add("In-Reply-To", thread);
    add("References", thread);
  }
  add("Auto-Submitted", "auto-generated");  // RFC 3834: no out-of-office answers
  add("List-Id", fmt::format("Tocsin alerts <alerts.tocsin.{}>",
                             target.from.substr(target.from.rfind('@') + 1)));
  add("X-Tocsin-Alert", to_text(notice.alert->id));
  add("X-Tocsin-Event", std::string(to_text(notice.event)));
  add("X-Tocsin-Delivery", header_text(notice.key, 19));
  const std::string who = target.to.size() == 1 ? target.to.front() : notice.receiver;
  parts.text = mail_text(links, notice, who);
  parts.html = mail_html(links, notice, who);
  return compose_mail(parts);
}

supervisor::DeliveryResult judge_mail(const net::SmtpAnswer& answer) {
  supervisor::DeliveryResult out;
  const std::string reply = cut_text(answer.text, 200);
  if (answer.ok()) {
    out.answer = fmt::format("{} in {} ms", reply, answer.elapsed.count);
    if (!answer.refused.empty())
      out.answer += fmt::format("; {} addresses refused: {}", answer.refused.size(),
                                cut_text(answer.refused.front(), 200));
    return out;
  }
  const bool access = answer.status >= 530 && answer.status <= 538;
  out.outcome = answer.status >= 500 && !access ? Outcome::kFinal : Outcome::kRetry;
  out.answer = answer.status == 0 ? "no answer: " + cut_text(answer.error, 200)
                                  : reply + " (" + cut_text(answer.error, 200) + ")";
  return out;
}

}  // namespace tocsin::respond
