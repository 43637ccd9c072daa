#pragma once
// What the ticket systems (jira.h, zendesk.h) have in common: which alerts share a ticket, and what
// is written into it.
//
// One ticket per key. The dispatcher runs deliveries of one key one after the other (turn_key), and
// before a ticket is made the service is asked for an open one with the key's mark: so two alerts
// at once, a repeat, and a crash between the request and its record make one ticket.

#include <string>
#include <vector>

#include "config/reader.h"
#include "respond/target.h"

namespace tocsin::respond {

// Labels that make a key, of those of the alert (`rule`, `severity`, its scope); empty: each alert
// has a ticket of its own.
using TicketLabels = std::vector<std::string>;
TicketLabels read_ticket_labels(config::MapReader& m);
DurationMs read_poll(config::MapReader& m);

// "tocsin-" and 16 hexadecimal digits.
std::string ticket_mark(const TicketLabels& per, const AlertView& alert);

// What is said in a comment; empty: nothing worth one.
std::string ticket_comment(const Message& message);

// The delivery's external ids: the ticket, and whether it was said that somebody has taken it.
struct TicketRef {
  std::string id;
  bool acknowledged = false;
  std::string json() const;
  static TicketRef parse(std::string_view json);  // empty id for anything else
};

// The note that a ticket was closed over there, once.
void note_closed(const Followed& followed, const std::string& system, const std::string& id,
                 const std::string& status, const HttpTarget::Heard& heard);

}  // namespace tocsin::respond
