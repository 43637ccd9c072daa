#pragma once
// GET /api/ledger and GET /api/alerts/:id/why: what the requests ask, and rows as JSON and CSV.

#include <string>
#include <vector>

#include "base/result.h"
#include "net/http.h"
#include "supervisor/ledger.h"

namespace tocsin::server {

struct LedgerAsk {
  supervisor::LedgerQuery query;
  bool csv = false;
};
// kInvalid names the parameter.
Result<LedgerAsk> ledger_ask(const net::Request& request, std::string_view site_label);
// Newest first; `next` of the JSON, and a Link header, where there may be more.
net::Response ledger_response(const LedgerAsk& ask, const supervisor::LedgerPage& page,
                              const net::Request& request);
net::Response why_response(const supervisor::Why& why, std::string_view name);

// One field of a CSV line: quoted where it must be; a text that a spreadsheet would take for a
// formula is led by an apostrophe.
std::string csv_field(std::string_view text);

}  // namespace tocsin::server
