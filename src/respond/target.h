#pragma once
// A target is one kind's way of telling: what is sent, and what an answer means. Immutable, shared
// by threads; it keeps nothing between deliveries (what must be kept between them is the delivery's
// `external`).
//
// Most are told by HTTP, some of them with several requests for one message (find the ticket, add a
// comment, close it). Such a conversation is a chain of pure steps: a request and what to do with
// its answer; only run() below touches the network.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "net/http_client.h"
#include "net/smtp_client.h"
#include "respond/links.h"
#include "respond/notice.h"
#include "supervisor/outbox.h"

namespace tocsin::respond {

struct InboxMessage;
using supervisor::DeliveryResult;
using Outcome = DeliveryResult::Outcome;

// One delivery, as a target gets it. Cheap to copy.
struct Message {
  Links links;
  Notice notice;
  std::string external;  // what earlier answers about this alert left: a JSON object, or empty
  // Other open alerts with the same turn_key() that this receiver was told of.
  size_t others_open = 0;
};

// An open alert that a receiver was told of.
struct Followed {
  std::shared_ptr<const AlertView> alert;
  std::string external;
};

// The ways out of the process. The outbound thread's.
struct Way {
  net::HttpClient http;
  net::SmtpClient smtp;
  const Clock& clock;
  std::function<void(InboxMessage)> keep;
};

// So many at once, then one every so often.
struct Pace {
  uint32_t burst = 0;
  DurationMs every{};  // 0 = no limit
};

class Target : public std::enable_shared_from_this<Target> {
 public:
  using Done = std::function<void(DeliveryResult)>;
  virtual ~Target() = default;

  virtual std::string_view kind() const = 0;  // a name of kinds.h
  // Whether it can change or follow up what it said, so that updates are no noise.
  virtual bool edits() const { return false; }
  // Whether the other side keeps each alert as one of its own, so that a group tells it nothing.
  virtual bool keeps_alerts() const { return false; }
  // Why updates cannot be sent at all; empty = they can.
  virtual std::string_view no_updates() const { return {}; }
  // Deliveries with the same key go one after the other, also those of different alerts: what must
  // not be made twice. Empty = any number at once.
  virtual std::string turn_key(const Message&) const { return {}; }
  // How fast the service takes messages; what comes faster waits.
  virtual Pace pace() const { return {}; }
  // The same target for one person at `address`: a mail address, a number, a user's id.
  // kInvalid: this kind has no addresses, or that is none.
  virtual Result<std::shared_ptr<const Target>> for_address(const std::string& address) const;
  // On the outbound thread; `done` runs there, once, now or later.
  virtual void deliver(const Way& way, const Message& message, Done done) const = 0;
};
using TargetPtr = std::shared_ptr<const Target>;

// What an HTTP conversation does next: one more request, or its end.
struct Step {
  std::optional<net::HttpRequest> request;
  std::function<Step(const net::HttpAnswer&, TimeMs now)> then;  // with a request
  DeliveryResult result;                                         // without
};
Step ask(net::HttpRequest request, std::function<Step(const net::HttpAnswer&, TimeMs)> then);
Step end(DeliveryResult result);
Step end(Outcome outcome, std::string answer);

class HttpTarget : public Target {
 public:
  using Heard = std::function<void(const Id128& alert, std::string note)>;
  // Above 0: so often follow() is asked for what is open, as long as something is.
  virtual DurationMs follows() const { return {}; }
  // Tells it again, or asks what became of it; what other people did there goes to `heard`.
  virtual Step follow(const Links&, std::vector<Followed>, TimeMs, Heard) const { return {}; }
  // Whether deliver() wants others_open.
  virtual bool counts_others() const { return false; }
  // Pure. `this` outlives the conversation.
  virtual Step begin(const Message& message) const = 0;
  void deliver(const Way& way, const Message& message, Done done) const override;
  // Carries out `step`, one of this target.
  void run(const Way& way, Step step, Done done) const;
};

// A request that could not be handed over at all.
DeliveryResult not_started(const Error& error);

}  // namespace tocsin::respond
