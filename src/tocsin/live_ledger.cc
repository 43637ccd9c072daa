#include "tocsin/live_ledger.h"

#include "server/api_ledger.h"
#include "server/params.h"
#include "server/reply.h"
#include "server/restrict.h"
#include "supervisor/archive.h"

namespace tocsin {

net::Response LiveLedger::list(const net::Request& request) {
  const auto ask = server::ledger_ask(request, live_.configuration()->workers->site_label());
  if (!ask) return server::error_response(ask.error());
  const auto rows = supervisor::read_rows(live_.reader(), ask->query);
  if (!rows) return server::error_response(rows.error());
  return server::ledger_response(*ask, *rows, request);
}

net::Response LiveLedger::why(const net::Request& request) {
  const std::string named = "alert " + std::string(request.param("id"));
  const auto id = server::id_param(request);
  if (!id) return server::missing_response(named);
  const std::string_view who = request.query.get("who");
  if (who.empty())
    return server::error_response({ErrorCode::kInvalid,
                                   "answering why failed: the parameter who is missing; it names "
                                   "a person or a receiver",
                                   ""});
  auto alert = supervisor::read_alert(live_.reader(), *id);
  if (!alert) return server::error_response(alert.error());
  if (!*alert || !server::shows(server::view_of(request), **alert))
    return server::missing_response(named);
  supervisor::LedgerQuery query;
  query.alert = *id;
  query.limit = supervisor::kLedgerRowsMax;
  auto rows = supervisor::read_rows(live_.reader(), query);
  if (!rows) return server::error_response(rows.error());
  return server::why_response(supervisor::why_told(**alert, std::move(rows->rows), who), who);
}

void LiveLedger::add_to(net::Router& router) {
  using Handler = net::Response (LiveLedger::*)(const net::Request&);
  const std::pair<const char*, Handler> routes[] = {{"/api/ledger", &LiveLedger::list},
                                                    {"/api/alerts/:id/why", &LiveLedger::why}};
  for (const auto& [path, handler] : routes)
    router.add(
        "GET", path, [this, handler = handler](net::Request&& request, net::Respond respond) {
          live_.background().post([this, handler, respond = std::move(respond),
                                   asked = std::make_shared<net::Request>(std::move(request))] {
            respond((this->*handler)(*asked));
          });
        });
}

}  // namespace tocsin
