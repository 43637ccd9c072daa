#include "respond/mail_intake.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "config/reader.h"
#include "net/smtp_client.h"
#include "respond/acts.h"

namespace tocsin::respond {
namespace {

using config::MapReader;

constexpr size_t kAlertAddressesMax = 50;
constexpr size_t kLocalBytesMax = 64;  // RFC 5321, 4.5.3.1.1

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c | 0x20);
  return out;
}

std::string read_address(MapReader& m, const char* key, const char* doc) {
  const std::string out = lower(m.value<std::string>(key, "", doc));
  if (out.empty() || m.describing()) return out;
  const auto address = MailAddress::parse(out);
  if (!address || !address->part.empty())
    m.problem(key, "\"" + out + "\" has to be an address such as tocsin@example.com, without +");
  return out;
}

void read_alert_address(MapReader& m, AlertAddress& out) {
  out.address = read_address(m, "address",
                             "Mails to it open alerts; also with +word behind the "
                             "name.");
  constexpr std::array kSeverities{Severity::kCritical, Severity::kHigh, Severity::kLow};
  out.severity = kSeverities[m.choice("severity", {"critical", "high", "low"}, "high",
                                      "Of its alerts, where the mail says nothing.")];
  const auto labels = m.value<std::map<std::string, std::string>>(
      "labels", {}, "Labels of its alerts: what routes match.");
  out.labels.assign(labels.begin(), labels.end());
  for (const auto& [name, value] : labels)
    if (name.empty() || name == "alertname" || name == "severity")
      m.problem("labels", name, "is given by the mail; choose another name");
  out.senders = m.value<std::vector<std::string>>(
      "senders", {},
      "Who may: addresses, `@example.com` for all of a domain, `*` for anybody. The sender of a "
      "mail can be forged: let your mail server check SPF and DKIM.");
  for (std::string& one : out.senders) one = lower(one);
  out.per_hour = m.value<int64_t>("per_hour", out.per_hour,
                                  "Mails of one sender that open alerts in an hour; 1 to 10000. "
                                  "Past it: try again later.");
  if (m.describing()) return;
  if (out.address.empty()) m.problem("address", "it needs one");
  if (out.senders.empty()) m.problem("senders", "nobody could write to it; use \"*\" for anybody");
  for (size_t i = 0; i < out.senders.size(); ++i)
    if (out.senders[i] != "*" && out.senders[i].find('@') == std::string::npos)
      m.problem("senders", i, "has to be an address, @domain or *");
  if (out.per_hour < 1 || out.per_hour > 10'000) m.problem("per_hour", "must be 1 to 10000");
}

void read_listener(MapReader& m, MailIntake& out) {
  out.listen = m.value<std::string>(
      "listen", "",
      "Address and port to take mail at by SMTP or LMTP, such as 127.0.0.1:2525. Read at the "
      "start. Without it mail comes by POST /api/v1/mail only.");
  if (!m.describing()) out.place = m.place("listen");
  const auto peers = m.value<std::vector<std::string>>(
      "peers", {}, "Addresses and ranges that may deliver; only this machine if none is given.");
  auto list = net::AddressList::parse(peers);
  if (list)
    out.peers = std::move(*list);
  else
    m.problem("peers", list.error().message);
  const auto bytes =
      m.value<int64_t>("message_bytes", static_cast<int64_t>(out.message_bytes_max),
                       "Largest mail, in bytes; 10000 to 33554432. Past it: refused for good.");
  if (bytes < 10'000 || bytes > 32 * 1024 * 1024)
    m.problem("message_bytes", "must be 10000 to 33554432");
  out.message_bytes_max = static_cast<size_t>(std::clamp<int64_t>(bytes, 10'000, 32 << 20));
}

void read_intake(MapReader& m, MailIntake& out) {
  out.address = read_address(m, "address",
                             "Where people reply to: mails get it as Reply-To, with +TOKEN behind "
                             "its name. Your mail server hands all of local+anything@domain on to "
                             "Tocsin. Without it replies do nothing.");
  out.answers = std::array{MailIntake::Answers::kAll, MailIntake::Answers::kProblems,
                           MailIntake::Answers::kNone}[m.choice(
      "answers", {"all", "problems", "none"}, "all",
      "Which replies are answered by mail: all, those that changed nothing or not what may have "
      "been meant, or none.")];
  read_listener(m, out);
  m.list("alert_addresses", "alert address", "Addresses at which mails open alerts; at most 50.",
         [&](MapReader& at) { read_alert_address(at, out.alert_addresses.emplace_back()); });
  if (m.describing()) return;
  if (out.alert_addresses.size() > kAlertAddressesMax) m.problem("alert_addresses", "at most 50");
  if (const auto address = MailAddress::parse(out.address);
      address && address->local.size() + 1 + kReplyTokenBytes > kLocalBytesMax)
    m.problem("address",
              fmt::format("\"{}\" leaves no room for the token: at most {} bytes before the @",
                          address->local, kLocalBytesMax - 1 - kReplyTokenBytes));
  for (size_t i = 0; i < out.alert_addresses.size(); ++i) {
    const auto same = [&](const AlertAddress& other) {
      return other.address == out.alert_addresses[i].address;
    };
    if (out.alert_addresses[i].address == out.address ||
        std::any_of(out.alert_addresses.begin(),
                    out.alert_addresses.begin() + static_cast<std::ptrdiff_t>(i), same))
      m.problem("alert_addresses",
                "two of the addresses are the same: " + out.alert_addresses[i].address);
  }
}

}  // namespace

bool AlertAddress::takes(std::string_view sender) const {
  return std::any_of(senders.begin(), senders.end(), [&](const std::string& one) {
    return one == "*" || one == sender || (one.starts_with('@') && sender.ends_with(one));
  });
}

std::optional<MailAddress> MailAddress::parse(std::string_view text) {
  if (!net::valid_mail_address(text)) return std::nullopt;
  const size_t at = text.rfind('@');
  MailAddress out;
  out.local = lower(text.substr(0, at));
  out.domain = lower(text.substr(at + 1));
  if (const size_t plus = out.local.find('+'); plus != std::string::npos) {
    out.part = out.local.substr(plus + 1);
    out.local.resize(plus);
  }
  return out;
}

MailIntake MailIntake::read(const config::Folder& folder, config::Problems& problems) {
  MailIntake out;
  folder.single("mail", "mail", problems, [&](MapReader& m) { read_intake(m, out); });
  return out;
}

void MailIntake::describe(config::Reference& reference) {
  config::Problems none;
  if (!reference.begin_type("mail")) return;
  MapReader m(reference, "mail", none);
  MailIntake ignored;
  read_intake(m, ignored);
}

}  // namespace tocsin::respond
