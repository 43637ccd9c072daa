#include "server/api_ledger.h"

#include <fmt/format.h>

#include "base/json_writer.h"
#include "server/params.h"
#include "server/reply.h"
#include "server/restrict.h"

namespace tocsin::server {
namespace {

using supervisor::LedgerQuery;
using supervisor::LedgerRow;

constexpr size_t kRows = 100;

std::string_view kind_text(LedgerRow::Kind kind) {
  return kind == LedgerRow::Kind::kState ? "state" : "delivery";
}

Result<void> read_kind(const net::Request& request, LedgerQuery& out) {
  const std::string_view kind = request.query.get("kind");
  if (kind == "state")
    out.kind = LedgerRow::Kind::kState;
  else if (kind == "delivery")
    out.kind = LedgerRow::Kind::kDelivery;
  else if (!kind.empty())
    return fail(ErrorCode::kInvalid, "reading the parameter kind failed: it is state or delivery");
  return {};
}

Result<void> read_labels(const net::Request& request, std::string_view site_label,
                         LedgerQuery& out) {
  for (const auto& [name, value] : request.query.pairs())
    if (name == "site") out.scope.emplace_back(std::string(site_label), value);
  auto labels = label_params(request);
  if (!labels) return fail(labels.error());
  std::move(labels->begin(), labels->end(), std::back_inserter(out.scope));
  return {};
}

void write_time(JsonWriter& json, std::string_view key, TimeMs time) {
  json.key(key);
  time.ms == 0 ? json.null() : json.integer(time.ms);
}

void write_row(JsonWriter& json, const LedgerRow& row) {
  json.begin_object();
  json.member("kind", kind_text(row.kind));
  json.member("time", row.time.ms);
  json.member("alert", to_text(row.alert));
  json.member("rule", row.rule);
  json.member("scope", row.scope);
  json.member("what", row.what);
  json.member("who", row.who);
  json.member("text", row.text);
  if (row.kind == LedgerRow::Kind::kDelivery) {
    json.member("receiver_kind", row.receiver_kind);
    json.member("state", to_text(row.state));
    json.member("attempts", row.attempts);
    write_time(json, "sent", row.sent);
    write_time(json, "next_try", row.next_try);
  }
  json.end_object();
}

std::string csv(const std::vector<LedgerRow>& rows) {
  std::string out =
      "time,kind,alert,rule,scope,what,who,text,receiver_kind,state,attempts,sent\r\n";
  for (const LedgerRow& row : rows) {
    const bool delivery = row.kind == LedgerRow::Kind::kDelivery;
    out += fmt::format(
        "{},{},{},{},{},{},{},{},{},{},{},{}\r\n", to_iso(row.time), kind_text(row.kind),
        to_text(row.alert), csv_field(row.rule), csv_field(row.scope), csv_field(row.what),
        csv_field(row.who), csv_field(row.text), csv_field(row.receiver_kind),
        delivery ? to_text(row.state) : "", delivery ? std::to_string(row.attempts) : "",
        delivery && row.sent.ms != 0 ? to_iso(row.sent) : "");
  }
  return out;
}

}  // namespace

std::string csv_field(std::string_view text) {
  std::string out;
  if (!text.empty() && std::string_view("=+-@\t\r").find(text.front()) != std::string_view::npos)
    out += '\'';
  out += text;
  if (out.find_first_of(",\"\r\n") == std::string::npos) return out;
  std::string quoted = "\"";
  for (const char c : out) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + "\"";
}

Result<LedgerAsk> ledger_ask(const net::Request& request, std::string_view site_label) {
  LedgerAsk out;
  LedgerQuery& query = out.query;
  query.view = view_of(request);
  const auto since = time_param(request, "since", kTimeMin);
  if (!since) return fail(since.error());
  query.since = *since;
  const auto until = time_param(request, "until", kTimeMax);
  if (!until) return fail(until.error());
  query.until = *until;
  const auto limit = limit_param(request, kRows, supervisor::kLedgerRowsMax);
  if (!limit) return fail(limit.error());
  query.limit = *limit;
  query.rule = request.query.get("rule");
  query.what = request.query.get("what");
  query.who = request.query.get("who");
  if (auto done = read_kind(request, query); !done) return fail(done.error());
  if (auto done = read_labels(request, site_label, query); !done) return fail(done.error());
  if (const std::string_view alert = request.query.get("alert"); !alert.empty()) {
    query.alert = parse_id(alert);
    if (!query.alert)
      return fail(ErrorCode::kInvalid, "reading the parameter alert failed: it is an alert's id");
  }
  if (const std::string_view before = request.query.get("before"); !before.empty()) {
    query.before = supervisor::parse_cursor(before);
    if (!query.before)
      return fail(ErrorCode::kInvalid,
                  "reading the parameter before failed: it is the `next` of the page before");
  }
  const std::string_view format = request.query.get("format", "json");
  if (format != "json" && format != "csv")
    return fail(ErrorCode::kInvalid, "reading the parameter format failed: it is json or csv");
  out.csv = format == "csv";
  return out;
}

net::Response ledger_response(const LedgerAsk& ask, const supervisor::LedgerPage& page,
                              const net::Request& request) {
  const std::string next = page.next ? to_text(*page.next) : "";
  if (ask.csv) {
    net::Response out = net::Response::text(200, csv(page.rows), "text/csv; charset=utf-8");
    out.headers.add("Cache-Control", "no-store");
    out.headers.add("Content-Disposition", "attachment; filename=\"ledger.csv\"");
    if (!next.empty()) out.headers.add("X-Next", next);
    return out;
  }
  JsonWriter json;
  json.begin_object().key("rows").begin_array();
  for (const LedgerRow& row : page.rows) write_row(json, row);
  json.end_array().key("next");
  next.empty() ? json.null() : json.string(next);
  json.end_object();
  net::Response out = json_response(json);
  if (request.query.get("download") == "1")
    out.headers.add("Content-Disposition", "attachment; filename=\"ledger.json\"");
  return out;
}

net::Response why_response(const supervisor::Why& why, std::string_view name) {
  JsonWriter json;
  json.begin_object();
  json.member("who", name);
  json.member("told", why.told);
  json.member("answer", why.answer);
  json.key("reasons").begin_array();
  for (const auto& reason : why.reasons)
    json.begin_object().member("time", reason.time.ms).member("text", reason.text).end_object();
  json.end_array().end_object();
  return json_response(json);
}

}  // namespace tocsin::server
