#include "respond/ticket.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/json_writer.h"
#include "base/text.h"
#include "respond/answer.h"
#include "respond/mail.h"

namespace tocsin::respond {

TicketLabels read_ticket_labels(config::MapReader& m) {
  TicketLabels out = m.value<TicketLabels>(
      "per", {},
      "jira, zendesk: one open ticket per value of these labels ([rule, site]); one per alert if "
      "left out.");
  if (out.size() > 10) m.problem("per", "at most 10 labels");
  return out;
}

DurationMs read_poll(config::MapReader& m) {
  const auto out = m.value<DurationMs>(
      "poll", minutes(1),
      "jira, zendesk: so often the state of tickets of open alerts is asked for; 0s = never, else "
      "10s to 1h.");
  if (out.count != 0 && (out < seconds(10) || out > hours(1)))
    m.problem("poll", "must be 0s, or 10s to 1h");
  return out;
}

std::string ticket_mark(const TicketLabels& per, const AlertView& alert) {
  IdBuilder key;
  key.add("ticket");
  if (per.empty()) key.add(to_text(alert.id));
  const Labels labels = alert_labels(alert.opened);
  for (const std::string& name : per) {
    const auto pairs = labels.to_pairs();
    const auto found = std::find_if(pairs.begin(), pairs.end(),
                                    [&](const auto& pair) { return pair.first == name; });
    key.add(name).add(found == pairs.end() ? std::string() : std::string(found->second));
  }
  return "tocsin-" + to_text(key.finish()).substr(0, 16);
}

std::string ticket_comment(const Message& message) {
  const Notice& notice = message.notice;
  const AlertView& alert = *notice.alert;
  switch (notice.event) {
    case Event::kOpened:
      return mail_text(message.links, notice);
    case Event::kUpdated:
      if (alert.acknowledged_by.empty() || TicketRef::parse(message.external).acknowledged)
        return {};
      return fmt::format("Acknowledged by {}: {}", alert.acknowledged_by, sentence(notice));
    case Event::kResolved:
      return fmt::format("{}: {}\n{}\n{}", state_word(notice), sentence(notice),
                         alert.resolve_reason, message.links.page(alert));
    case Event::kTest:
      return sentence(notice);
  }
  return {};
}

std::string TicketRef::json() const {
  JsonWriter out;
  out.begin_object().member("ticket", id).member("acknowledged", acknowledged);
  return out.end_object().take();
}

TicketRef TicketRef::parse(std::string_view json) {
  const JsonAnswer kept(json);
  TicketRef out{kept.text("ticket"), kept.text("acknowledged") == "true"};
  if (!is_plain_id(out.id)) out.id.clear();
  return out;
}

void note_closed(const Followed& followed, const std::string& system, const std::string& id,
                 const std::string& status, const HttpTarget::Heard& heard) {
  const std::string note =
      fmt::format("{} ticket {} was set to {}", system, id, cut_text(status, 60));
  const auto& notes = followed.alert->notes;
  const bool known = std::any_of(notes.begin(), notes.end(),
                                 [&](const AlertNote& each) { return each.text == note; });
  if (!known) heard(followed.alert->id, note);
}

}  // namespace tocsin::respond
