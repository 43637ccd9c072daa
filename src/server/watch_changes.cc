// What stands around every handler: the record of changes, and requests that are sent twice.

#include <atomic>

#include "access/secret.h"
#include "base/log.h"
#include "server/access_parts.h"
#include "server/api_prometheus.h"
#include "server/assets.h"
#include "server/reply.h"
#include "server/route_rules.h"

namespace tocsin::server {
namespace {

using net::Request;
using net::Respond;
using net::Response;

constexpr size_t kKeyBytesMax = 200;

access::AuditEntry entry_for(const Request& request, std::string_view action, TimeMs now) {
  const access::Actor actor = actor_of(request);
  access::AuditEntry out;
  out.at = now;
  out.who = actor.who;
  out.kind = actor.kind;
  out.address = actor.address;
  out.action = action;
  for (const auto& [name, value] : request.path_params.pairs())
    out.target += (out.target.empty() ? "" : " ") + value;
  out.after = access::without_secrets(request.body);
  return out;
}

// The answer's way back passes here: a change that happened is recorded, with what its handler
// noted. What was refused changed nothing.
Respond recorded(const AccessParts& parts, const Request& request, std::string_view action,
                 Respond respond) {
  auto entry = std::make_shared<access::AuditEntry>(entry_for(request, action, parts.clock.now()));
  return [record = parts.record, entry, note = request.audit,
          once = std::make_shared<std::atomic<bool>>(false),
          respond = std::move(respond)](Response response) {
    if (response.status < 400 && !once->exchange(true)) {
      entry->status = response.status;
      if (!note->by.empty()) {
        entry->who = note->by;
        entry->kind = "link";
      }
      if (!note->target.empty()) entry->target = note->target;
      entry->before = note->before;
      if (!note->after.empty()) entry->after = note->after;
      record(std::move(*entry));
    }
    respond(std::move(response));
  };
}

Response repeated(const access::KeptReply& kept) {
  if (!kept.body_kept)
    return Response::error_json(
        409,
        "this request was done already; its answer is not kept (it held a secret that is "
        "shown once, or was too long): look at what there is now");
  Response out;
  out.status = kept.status;
  out.body = kept.body;
  if (!kept.body.empty()) out.headers.add("Content-Type", kept.type);
  out.headers.add("Cache-Control", "no-store");
  out.headers.add("Idempotent-Replayed", "true");
  add_security_headers(out, false);
  return out;
}

// What may go better the next time is no answer to keep.
bool settled(int status) { return status < 500 && status != 429 && status != 408; }

// One request with a key under way; if its handler never answers, the next try is a first one.
class Pending {
 public:
  Pending(access::Replies& replies, std::string key, bool keep_body)
      : replies_(replies), key_(std::move(key)), keep_body_(keep_body) {}
  ~Pending() {
    if (!finished_) replies_.forget(key_);
  }
  Pending(const Pending&) = delete;
  void finish(const Response& response) {
    if (finished_.exchange(true)) return;
    if (!settled(response.status)) return replies_.forget(key_);
    replies_.finish(key_, response.status, std::string(response.headers.get("Content-Type")),
                    keep_body_ ? response.body : std::string(), keep_body_);
  }

 private:
  access::Replies& replies_;
  const std::string key_;
  const bool keep_body_;
  std::atomic<bool> finished_{false};
};

bool may_repeat(const Request& request, const RouteRule& rule) {
  return request.method == "POST" && !request.route.empty() && rule.need != Need::kOpen &&
         !is_prometheus_read(request.path) && request.headers.has("Idempotency-Key");
}

// Nothing: it was answered from what is kept. Else the way back that keeps the answer.
std::optional<Respond> once_only(const AccessParts& parts, const Request& request,
                                 const RouteRule& rule, Respond respond) {
  const std::string_view given = request.headers.get("Idempotency-Key");
  if (given.empty() || given.size() > kKeyBytesMax) {
    respond(Response::error_json(400, "Idempotency-Key has to be 1 to 200 bytes long"));
    return std::nullopt;
  }
  const Who who = request.who ? *request.who : Who{};
  const std::string key = access::hash_secret(std::string(to_text(who.kind)) + '\n' + who.name +
                                              '\n' + request.path + '\n' + std::string(given));
  access::KeptReply kept;
  using Found = access::Replies::Found;
  switch (parts.replies.begin(key, access::hash_secret(request.body), parts.clock.now(), kept)) {
    case Found::kAnswered:
      respond(repeated(kept));
      return std::nullopt;
    case Found::kRunning: {
      Response out = Response::error_json(409,
                                          "the first request of this Idempotency-Key is "
                                          "still being worked on; ask again in a second");
      out.headers.add("Retry-After", "1");
      respond(std::move(out));
      return std::nullopt;
    }
    case Found::kOther:
      respond(Response::error_json(422,
                                   "this Idempotency-Key was used for another request within "
                                   "the last 24 hours; choose a new one"));
      return std::nullopt;
    case Found::kFresh:
      break;
  }
  auto pending = std::make_shared<Pending>(parts.replies, key, !rule.shown_once);
  return [pending, respond = std::move(respond)](Response response) {
    pending->finish(response);
    respond(std::move(response));
  };
}

}  // namespace

access::Actor actor_of(const Request& request) {
  const Who who = request.who ? *request.who : Who{};
  return {who.name, std::string(to_text(who.kind)), request.remote_address};
}

net::Around watch_changes(const AccessParts& parts) {
  return [parts](const net::Handler& handler, Request&& request, Respond respond) {
    const RouteRule rule = rule_of(request.method, request.route);
    if (may_repeat(request, rule)) {
      auto kept = once_only(parts, request, rule, std::move(respond));
      if (!kept) return;
      respond = std::move(*kept);
    }
    if (request.audit) respond = recorded(parts, request, rule.action, std::move(respond));
    handler(std::move(request), std::move(respond));
  };
}

}  // namespace tocsin::server
