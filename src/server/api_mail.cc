#include <fmt/format.h>

#include "server/mail_desk.h"
#include "server/reply.h"

namespace tocsin::server {
namespace {

using net::Request;
using net::Respond;
using net::Response;
using Verdict = MailTaken::Verdict;

constexpr size_t kRecipientsMax = 50;

int status_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::kDone:
    case Verdict::kUnchanged:
    case Verdict::kIgnored:
      return 200;
    case Verdict::kRefused:
      return 403;
    case Verdict::kLater:
      return 429;
  }
  return 500;
}

Response answer(const MailTaken& taken) {
  JsonWriter json;
  json.begin_object()
      .member("verdict", to_text(taken.verdict))
      .member("what", taken.what)
      .member(status_of(taken.verdict) == 200 ? "text" : "error", taken.text)
      .key("alert");
  taken.alert ? json.string(to_text(*taken.alert)) : json.null();
  json.end_object();
  Response out = json_response(json);
  out.status = status_of(taken.verdict);
  if (taken.verdict == Verdict::kLater) out.headers.add("Retry-After", "600");
  return out;
}

void take(MailDesk& desk, Request&& request, Respond respond) {
  if (request.body.size() > desk.bytes_max())
    return respond(
        Response::error_json(413, fmt::format("the mail has {} bytes; mail.message_bytes allows {}",
                                              request.body.size(), desk.bytes_max())));
  DeliveredMail mail;
  mail.envelope = request.query.has("from") || request.query.has("to");
  mail.from = request.query.get("from");
  for (const auto& [name, value] : request.query.pairs())
    if (name == "to") mail.to.push_back(value);
  if (mail.to.size() > kRecipientsMax || (mail.envelope && mail.to.empty()))
    return respond(Response::error_json(
        400, "an envelope has one \"from\" and 1 to 50 \"to\"; without it leave both out"));
  mail.address = request.remote_address;
  mail.bytes = std::move(request.body);
  desk.take(std::move(mail), [respond = std::move(respond)](const Result<MailTaken>& taken) {
    respond(taken ? answer(*taken) : error_response(taken.error()));
  });
}

}  // namespace

std::string_view to_text(Verdict verdict) {
  switch (verdict) {
    case Verdict::kDone:
      return "done";
    case Verdict::kUnchanged:
      return "unchanged";
    case Verdict::kIgnored:
      return "ignored";
    case Verdict::kRefused:
      return "refused";
    case Verdict::kLater:
      return "later";
  }
  return "";
}

void register_mail_route(net::Router& router, MailDesk& desk) {
  router.add("POST", "/api/v1/mail", [&desk](Request&& request, Respond respond) {
    take(desk, std::move(request), std::move(respond));
  });
}

}  // namespace tocsin::server
