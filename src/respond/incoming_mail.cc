#include "respond/incoming_mail.h"

#include <algorithm>
#include <array>
#include <optional>

#include "base/text.h"

namespace tocsin::respond {
namespace {

using Origin = wire::MailMessage::Origin;

constexpr size_t kHopsMax = 50;
constexpr size_t kNameBytesMax = 200;
constexpr size_t kTextBytesMax = 10'000;
constexpr size_t kLabelsMax = 20;

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c | 0x20);
  return out;
}

std::string_view trimmed(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t\n");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\n") - first + 1);
}

// "Re: re: Fwd: checkout is down" is about the same as "checkout is down".
std::string_view plain_subject(std::string_view subject) {
  for (bool again = true; again;) {
    again = false;
    for (const char* prefix : {"re:", "fw:", "fwd:", "aw:", "wg:"})
      if (lower(subject.substr(0, std::string_view(prefix).size())) == prefix) {
        subject = trimmed(subject.substr(std::string_view(prefix).size()));
        again = true;
      }
  }
  return trimmed(subject);
}

// The tokens a mail carries, and what the first good one says; else why none is.
std::optional<Result<ReplyToken>> find_token(const MailIntake& intake, const ActSigner& signer,
                                             const wire::MailMessage& mail,
                                             std::span<const MailAddress> to, TimeMs now) {
  std::optional<Result<ReplyToken>> out;
  const auto look = [&](std::string_view token) {
    if (out && *out) return;
    Result<ReplyToken> opened = signer.open_reply(token, now);
    // That one has expired says more than that another is none.
    const bool says_more = !out || opened || opened.error().code == ErrorCode::kRefused;
    if (says_more) out = std::move(opened);
  };
  for (const MailAddress& one : to)
    if (one.base() == intake.address && !one.part.empty()) look(one.part);
  for (const std::string& id : mail.answers)
    if (const std::string_view token = token_in_id(id); !token.empty()) look(token);
  return out;
}

std::vector<MailAddress> recipients(const wire::MailMessage& mail, const Envelope& envelope) {
  std::vector<MailAddress> out;
  for (const std::string& text : envelope.known ? envelope.to : mail.to)
    if (auto address = MailAddress::parse(text)) out.push_back(std::move(*address));
  return out;
}

std::optional<Severity> severity_named(std::string_view word) {
  for (const Severity one : {Severity::kCritical, Severity::kHigh, Severity::kLow})
    if (word == to_text(one)) return one;
  return std::nullopt;
}

struct Said {
  std::optional<Severity> severity;
  std::vector<Labels::Pair> labels;

  void add(std::string_view word) {
    word = trimmed(word);
    const size_t equals = word.find('=');
    if (equals == std::string_view::npos) {
      if (const auto one = severity_named(lower(word)); one && !severity) severity = one;
      return;
    }
    const std::string_view name = trimmed(word.substr(0, equals));
    const std::string_view value = trimmed(word.substr(equals + 1));
    if (name.empty() || name.size() > kNameBytesMax || labels.size() >= kLabelsMax) return;
    labels.emplace_back(std::string(name), cut_text(value, kNameBytesMax));
  }
  void add_all(std::string_view text, char between) {
    while (!text.empty()) {
      const size_t end = std::min(text.find(between), text.size());
      add(text.substr(0, end));
      text.remove_prefix(std::min(end + 1, text.size()));
    }
  }
};

ReportedAlert report_of(const AlertAddress& at, const wire::MailMessage& mail,
                        std::string_view part) {
  Said said;
  said.add_all(part, '+');
  if (!said.severity) said.severity = severity_named(lower(mail.severity));
  said.add_all(mail.labels, ',');
  const std::string_view subject = plain_subject(mail.subject);
  std::vector<Labels::Pair> pairs{
      {"alertname", cut_text(subject, kNameBytesMax)},
      {"severity", std::string(to_text(said.severity.value_or(at.severity)))}};
  const auto add = [&](const std::string& name, const std::string& value) {
    const auto same = [&](const Labels::Pair& one) { return one.first == name; };
    if (!value.empty() && std::none_of(pairs.begin(), pairs.end(), same))
      pairs.emplace_back(name, value);
  };
  for (const auto& [name, value] : at.labels) add(name, value);
  for (const auto& [name, value] : said.labels) add(name, value);
  ReportedAlert out;
  out.labels = Labels(std::move(pairs));
  const std::string text = cut_text(trimmed(mail.text), kTextBytesMax);
  out.annotations = Labels(
      {{"summary", std::string(subject)}, {"description", text}, {"reported_by", mail.from}});
  out.dedup = "mail\n" + at.address + "\n" + mail.from + "\n" + lower(subject);
  return out;
}

IncomingMail open_alert(const AlertAddress& at, const wire::MailMessage& mail,
                        const Envelope& envelope, std::string_view part) {
  const bool bounce = envelope.known && envelope.from.empty() && mail.origin == Origin::kPerson;
  if (bounce) return IgnoredMail{"bounce"};
  // A program may report a trouble; what answers a mail by itself has none.
  if (mail.origin != Origin::kPerson && mail.origin != Origin::kProgram)
    return IgnoredMail{std::string(wire::to_text(mail.origin))};
  if (!at.takes(mail.from))
    return RefusedMail{"sender", mail.from + " may not open alerts at " + at.address};
  if (plain_subject(mail.subject).empty())
    return RefusedMail{"empty", "a mail that opens an alert needs a subject: it is the summary"};
  return ReportMail{&at, report_of(at, mail, part)};
}

IncomingMail take_reply(const Result<ReplyToken>& token, const wire::MailMessage& mail,
                        const Envelope& envelope) {
  if (envelope.known && envelope.from.empty()) return IgnoredMail{"bounce"};
  if (mail.origin != Origin::kPerson) return IgnoredMail{std::string(wire::to_text(mail.origin))};
  if (!token) {
    const bool expired = token.error().code == ErrorCode::kRefused;
    return RefusedMail{expired ? "expired" : "token", token.error().message};
  }
  return ReplyMail{*token, read_reply(mail.text)};
}

}  // namespace

std::string_view token_in_id(std::string_view message_id) {
  const std::string_view local = message_id.substr(0, message_id.find('@'));
  const size_t dot = local.rfind('.');
  if (dot == std::string_view::npos || local.size() - dot - 1 != kReplyTokenBytes) return {};
  return local.substr(dot + 1);
}

IncomingMail judge_incoming(const MailIntake& intake, const ActSigner* signer,
                            const wire::MailMessage& mail, const Envelope& envelope, TimeMs now) {
  if (mail.origin == Origin::kOurs) return IgnoredMail{std::string(wire::to_text(mail.origin))};
  if (mail.hops > kHopsMax) return IgnoredMail{"loop"};
  const std::vector<MailAddress> to = recipients(mail, envelope);
  std::optional<Result<ReplyToken>> token;
  if (signer != nullptr && !intake.address.empty())
    token = find_token(intake, *signer, mail, to, now);
  if (token && *token) return take_reply(*token, mail, envelope);
  for (const MailAddress& one : to)
    for (const AlertAddress& at : intake.alert_addresses)
      if (one.base() == at.address) return open_alert(at, mail, envelope, one.part);
  if (token) return take_reply(*token, mail, envelope);
  const bool ours = std::any_of(
      to.begin(), to.end(), [&](const MailAddress& one) { return one.base() == intake.address; });
  if (mail.origin != Origin::kPerson) return IgnoredMail{std::string(wire::to_text(mail.origin))};
  if (ours)
    return RefusedMail{"token",
                       "this address takes replies to Tocsin's mails only; reply to one of them"};
  return RefusedMail{"recipient", "none of its recipients is an address of section mail"};
}

}  // namespace tocsin::respond
