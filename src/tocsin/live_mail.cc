#include "tocsin/live_mail.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "access/door.h"
#include "base/log.h"
#include "base/text.h"
#include "respond/mail.h"
#include "tocsin/act_desk.h"
#include "tocsin/call_directory.h"

namespace tocsin {
namespace {

using respond::MailReply;
using server::DeliveredMail;
using server::MailTaken;
using Verdict = MailTaken::Verdict;

constexpr DurationMs kHour = hours(1);
constexpr std::string_view kHowTo =
    "Reply with ack, unack, resolve, silence 1h, or with words for its record.";

const respond::Receiver* receiver_of(const Configuration& configuration, uint32_t wanted) {
  for (const respond::Receiver& one : configuration.receivers->list())
    if (respond::reply_receiver(one.name) == wanted) return &one;
  return nullptr;
}

// The one address that a receiver's mails go to; empty if there are several.
std::string only_address(const respond::Receiver& receiver) {
  const auto* mail = dynamic_cast<const respond::MailTarget*>(receiver.target.get());
  return mail != nullptr && mail->to.size() == 1 ? mail->to.front() : std::string();
}

// Somebody's own receiver for mail to that address; null for strangers.
const respond::Receiver* own_receiver(const Configuration& configuration,
                                      const std::string& address) {
  for (const respond::Receiver& one : configuration.receivers->list())
    if (is_own_receiver(one.name) && only_address(one) == address) return &one;
  return nullptr;
}

bool same_address(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) {
    return std::tolower(static_cast<unsigned char>(x)) ==
           std::tolower(static_cast<unsigned char>(y));
  });
}

std::string done_words(const MailReply& reply, const std::string& by) {
  switch (reply.what) {
    case MailReply::What::kAcknowledge:
      return fmt::format("Acknowledged by {}. Reply unack to give it back.", by);
    case MailReply::What::kUnacknowledge:
      return "Your acknowledgement is taken back: others are called again.";
    case MailReply::What::kResolve:
      return fmt::format("Closed by {}.", by);
    case MailReply::What::kSilence:
      return fmt::format("Silenced for {}.", to_text(reply.silence));
    case MailReply::What::kNote:
      return reply.command ? "Your words are in its record."
                           : "Your words are in its record. Nothing else was done: it is not "
                             "acknowledged by them. " +
                                 std::string(kHowTo);
    case MailReply::What::kNothing:
      break;
  }
  return "Your reply had no words of its own, so nothing was done. " + std::string(kHowTo);
}

// What a mail server is told.
net::SmtpReply smtp_reply(const Result<MailTaken>& taken) {
  if (!taken && taken.error().code == ErrorCode::kInvalid)
    return {550, "5.6.0", taken.error().message};
  if (!taken) return {451, "4.3.0", taken.error().message};
  switch (taken->verdict) {
    case Verdict::kDone:
    case Verdict::kUnchanged:
    case Verdict::kIgnored:
      return {250, "2.0.0", taken->text};
    case Verdict::kRefused:
      return {550, "5.7.1", taken->text};
    case Verdict::kLater:
      return {451, "4.7.1", taken->text};
  }
  return {451, "4.3.0", "try again later"};
}

}  // namespace

bool SenderHours::take(const std::string& sender, int64_t allowed, TimeMs now) {
  const auto over = [now](const auto& one) {
    return now - one.second.began >= kHour || now < one.second.began;
  };
  if (const auto known = hours_.find(sender); known != hours_.end() && over(*known))
    hours_.erase(known);
  if (hours_.size() >= kSendersMax && !hours_.contains(sender)) std::erase_if(hours_, over);
  if (hours_.size() >= kSendersMax && !hours_.contains(sender)) return false;
  Hour& hour = hours_.try_emplace(sender, Hour{now}).first->second;
  if (hour.mails >= allowed) return false;
  ++hour.mails;
  return true;
}

struct LiveMail::Reply {
  MailReply asked;
  Id128 alert;
  std::string by;
  std::string subject;
  std::string answer_to;  // a receiver; empty: nobody in particular
  std::string address;    // of who delivered it
  uint64_t mail = 0;
};

LiveMail::LiveMail(Parts parts) : parts_(std::move(parts)) {}

size_t LiveMail::bytes_max() const { return parts_.live.configuration()->mail.message_bytes_max; }

Result<void> LiveMail::listen() {
  const auto configuration = parts_.live.configuration();
  const respond::MailIntake& intake = configuration->mail;
  if (intake.listen.empty()) return {};
  const auto address = parse_address(intake.listen);
  if (!address) return fail(address.error());
  net::SmtpListener::Options options;
  options.address = address->host;
  options.port = address->port;
  options.session.message_bytes_max = intake.message_bytes_max;
  net::SmtpListener::Handlers handlers;
  handlers.may_connect = [this](std::string_view peer) {
    const auto now = parts_.live.configuration();
    return now->mail.peers.empty() ? access::is_loopback(peer) : now->mail.peers.allows(peer);
  };
  handlers.knows = [this](std::string_view recipient) { return knows(recipient); };
  handlers.take = [this](net::SmtpReceived mail, std::string peer,
                         const std::function<void(net::SmtpReply)>& reply) {
    take({std::move(mail.bytes), true, std::move(mail.from), std::move(mail.to), std::move(peer)},
         [reply](const Result<MailTaken>& taken) { reply(smtp_reply(taken)); });
  };
  auto made = net::SmtpListener::listen(parts_.live.background(), std::move(options),
                                        std::move(handlers), parts_.live.counters());
  if (!made) return fail(made.error());
  listener_ = std::move(*made);
  log::info("taking mail at {} port {}", address->host, listener_->port());
  return {};
}

bool LiveMail::knows(std::string_view recipient) const {
  const auto address = respond::MailAddress::parse(recipient);
  const auto configuration = parts_.live.configuration();
  if (!address) return false;
  const auto& list = configuration->mail.alert_addresses;
  return address->base() == configuration->mail.address ||
         std::any_of(list.begin(), list.end(),
                     [&](const auto& one) { return one.address == address->base(); });
}

LiveMail::Done LiveMail::counted(Done done) {
  return [this, done = std::move(done)](Result<MailTaken> taken) {
    const std::string result =
        taken
            ? fmt::format("result=\"{}\",what=\"{}\"", server::to_text(taken->verdict), taken->what)
            : fmt::format("result=\"failed\",what=\"{}\"",
                          taken.error().code == ErrorCode::kInvalid ? "no mail" : "not written");
    parts_.live.counters()
        .counter("tocsin_mail_received_total", result,
                 "Mails that came in, by what became of them: done, unchanged, ignored, refused, "
                 "later, failed.")
        .add();
    --under_way_;
    done(std::move(taken));
  };
}

void LiveMail::take(DeliveredMail mail, server::Done<MailTaken> done) {
  if (under_way_.fetch_add(1) >= kUnderWayMax)
    return counted(std::move(done))(fail(
        ErrorCode::kExhausted,
        fmt::format("taking a mail failed: {} are being read; try again later", kUnderWayMax)));
  parts_.live.background().post(
      [this, mail = std::move(mail), done = counted(std::move(done))] { read(mail, done); });
}

void LiveMail::read(const DeliveredMail& delivered, const Done& done) {
  const auto mail = wire::parse_mail(delivered.bytes);
  if (!mail) return done(fail(mail.error()));
  const uint64_t id = hash64(mail->from + "\n" + (mail->id.empty() ? delivered.bytes : mail->id));
  if (seen_.contains(id))
    return done(MailTaken{Verdict::kUnchanged, "repeated", "this mail was taken before", {}});
  const auto configuration = parts_.live.configuration();
  const respond::Envelope envelope{delivered.from, delivered.envelope, delivered.to};
  const respond::IncomingMail what = respond::judge_incoming(
      configuration->mail, parts_.signer.get(), *mail, envelope, parts_.live.clock().now());
  if (const auto* ignored = std::get_if<respond::IgnoredMail>(&what))
    return done(MailTaken{Verdict::kIgnored,
                          ignored->why,
                          "nothing was done: no person wrote it (" + ignored->why + ")",
                          {}});
  if (const auto* refused = std::get_if<respond::RefusedMail>(&what))
    return done(MailTaken{Verdict::kRefused, refused->why, refused->text, {}});
  const Done remembered = [this, id, done](Result<MailTaken> taken) {
    if (taken && taken->verdict <= Verdict::kUnchanged)
      parts_.live.background().post([this, id] { remember(id); });
    done(std::move(taken));
  };
  if (const auto* asked = std::get_if<respond::ReplyMail>(&what))
    return reply(*asked, *mail, delivered, remembered);
  report(std::get<respond::ReportMail>(what), *mail, remembered);
}

void LiveMail::remember(uint64_t mail) {
  if (!seen_.insert(mail).second) return;
  seen_order_.push_back(mail);
  if (seen_order_.size() <= kRememberedMax) return;
  seen_.erase(seen_order_.front());
  seen_order_.pop_front();
}

void LiveMail::reply(const respond::ReplyMail& asked, const wire::MailMessage& mail,
                     const DeliveredMail& delivered, const Done& done) {
  const auto configuration = parts_.live.configuration();
  const respond::Receiver* receiver = receiver_of(*configuration, asked.token.receiver);
  if (receiver == nullptr)
    return done(MailTaken{Verdict::kRefused,
                          "receiver",
                          "who got the mail that this answers is not told of alerts any more",
                          {}});
  const std::string address = only_address(*receiver);
  Reply out{
      asked.reply, asked.token.alert, follower(*configuration, mail.from),          mail.subject,
      {},          delivered.address, hash64(mail.from + mail.id + delivered.bytes)};
  if (!address.empty()) {
    out.by = follower(*configuration, address);
    out.answer_to = receiver->name;
    if (!same_address(address, mail.from))
      out.asked.text += (out.asked.text.empty() ? "" : "\n") + ("(mail from " + mail.from + ")");
  } else if (const respond::Receiver* own = own_receiver(*configuration, mail.from)) {
    out.answer_to = own->name;
  }
  if (asked.reply.what == MailReply::What::kNothing) {
    answer(out, mail.subject, done_words(asked.reply, out.by), true);
    return done(
        MailTaken{Verdict::kUnchanged, "empty", "the reply has no words of its own", out.alert});
  }
  server::WantedAct wanted{out.alert, std::string(respond::to_text(out.asked.what)), out.by,
                           out.asked.text, out.asked.silence};
  if (wanted.what == "silence" && wanted.text.empty()) wanted.text = "from a mail";
  server::carry_out(parts_.views, wanted, parts_.live.clock().now(),
                    [this, out, done](const Result<bool>& carried_out) {
                      parts_.live.background().post(
                          [this, out, carried_out, done] { replied(out, carried_out, done); });
                    });
}

void LiveMail::replied(const Reply& reply, const Result<bool>& carried_out, const Done& done) {
  const std::string what(respond::to_text(reply.asked.what));
  if (carried_out && *carried_out) {
    access::AuditEntry entry;
    entry.at = parts_.live.clock().now();
    entry.who = reply.by;
    entry.kind = "mail";
    entry.address = reply.address;
    entry.action = "alert.act_by_mail";
    entry.target = to_text(reply.alert);
    entry.status = 200;
    entry.after = what;
    parts_.record(std::move(entry));
    const std::string text = done_words(reply.asked, reply.by);
    answer(reply, reply.subject, text, !reply.asked.command);
    return done(MailTaken{Verdict::kDone, what, text, reply.alert});
  }
  const bool state = carried_out || carried_out.error().code == ErrorCode::kRefused ||
                     carried_out.error().code == ErrorCode::kInvalid;
  if (!state) return done(fail(carried_out.error()));
  const std::string why =
      carried_out ? "the alert was removed after its time" : carried_out.error().message;
  answer(reply, reply.subject, "Nothing was changed: " + why + ".", true);
  done(MailTaken{Verdict::kUnchanged, "state", why, reply.alert});
}

void LiveMail::report(const respond::ReportMail& report, const wire::MailMessage& mail,
                      const Done& done) {
  const TimeMs now = parts_.live.clock().now();
  const respond::AlertAddress& at = *report.at;
  if (!hours_.take(at.address + "\n" + mail.from, at.per_hour, now))
    return done(MailTaken{
        Verdict::kLater,
        "rate",
        fmt::format("{} has opened alerts at {} {} times within an hour, the most there may be",
                    mail.from, at.address, at.per_hour),
        {}});
  const auto configuration = parts_.live.configuration();
  Reply out;
  out.by = follower(*configuration, mail.from);
  out.subject = mail.subject;
  out.mail = hash64(mail.from + mail.id + report.alert.dedup);
  const respond::Receiver* own = own_receiver(*configuration, mail.from);
  if (own != nullptr && mail.origin == wire::MailMessage::Origin::kPerson)
    out.answer_to = own->name;
  parts_.live.decisions().command(
      {out.by, supervisor::OpenAlert{report.alert}},
      [this, out, done](const Result<supervisor::CommandDone>& opened) {
        if (!opened) return done(fail(opened.error()));
        const Id128 alert = opened->alert->id;
        const std::string url = parts_.live.configuration()->receivers->links().alert(alert);
        parts_.live.background().post(
            [this, out, url] { answer(out, out.subject, "Your mail is an alert: " + url, false); });
        done(MailTaken{Verdict::kDone, "open", "the alert is " + url, alert});
      });
}

// On the background loop. `problem`: nothing was done, or not what may have been meant.
void LiveMail::answer(const Reply& reply, std::string subject, std::string text, bool problem) {
  const auto configuration = parts_.live.configuration();
  using Answers = respond::MailIntake::Answers;
  const Answers wanted = configuration->mail.answers;
  if (reply.answer_to.empty() || wanted == Answers::kNone ||
      (wanted == Answers::kProblems && !problem))
    return;
  respond::PersonNotice notice;
  notice.key = fmt::format("mail.{:016x}", reply.mail);
  notice.receiver = reply.answer_to;
  notice.subject = subject.empty() ? "your mail" : std::move(subject);
  notice.text = std::move(text);
  if (reply.alert != Id128{})
    notice.text += "\n" + configuration->receivers->links().alert(reply.alert);
  notice.created = notice.next_try = parts_.live.clock().now();
  parts_.tell(std::move(notice));
}

}  // namespace tocsin
