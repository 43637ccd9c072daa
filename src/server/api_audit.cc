// The audit log: filters, pages, export.

#include "base/text.h"
#include "server/access_parts.h"
#include "server/assets.h"
#include "server/params.h"
#include "server/reply.h"

namespace tocsin::server {
namespace {

using net::Request;
using net::Respond;
using net::Response;

constexpr size_t kShownMax = 1000, kExportedMax = 100'000;

Result<access::AuditFilter> filter_of(const Request& request, size_t standard, size_t most) {
  access::AuditFilter out;
  const auto from = time_param(request, "from", kTimeMin);
  if (!from) return fail(from.error());
  const auto to = time_param(request, "to", kTimeMax);
  if (!to) return fail(to.error());
  const auto limit = limit_param(request, standard, most);
  if (!limit) return fail(limit.error());
  out.from = *from;
  out.to = *to;
  out.limit = *limit;
  out.who = request.query.get("who");
  out.action = request.query.get("action");
  out.target = request.query.get("target");
  if (const std::string_view below = request.query.get("below"); !below.empty()) {
    out.below = parse_int(below);
    if (!out.below)
      return fail(ErrorCode::kInvalid,
                  "reading the parameter below failed: it is a number of an "
                  "earlier answer");
  }
  return out;
}

void list(const AccessParts& parts, const Request& request, Respond respond) {
  auto filter = filter_of(request, 100, kShownMax);
  if (!filter) return respond(error_response(filter.error()));
  parts.read_audit(
      std::move(*filter),
      reply<std::vector<access::AuditEntry>>(
          std::move(respond), [](JsonWriter& json, const std::vector<access::AuditEntry>& entries) {
            json.begin_object().key("entries").raw(access::audit_json(entries)).end_object();
          }));
}

void exported(const AccessParts& parts, const Request& request, const Respond& respond) {
  const std::string_view format = request.query.get("format", "csv");
  if (format != "csv" && format != "json")
    return respond(error_response(
        {ErrorCode::kInvalid, "reading the parameter format failed: it is csv or json", {}}));
  auto filter = filter_of(request, kExportedMax, kExportedMax);
  if (!filter) return respond(error_response(filter.error()));
  const bool csv = format == "csv";
  parts.read_audit(
      std::move(*filter), [csv, respond](const Result<std::vector<access::AuditEntry>>& read) {
        if (!read) return respond(error_response(read.error()));
        Response out =
            Response::text(200, csv ? access::audit_csv(*read) : access::audit_json(*read),
                           csv ? "text/csv; charset=utf-8" : "application/json");
        out.headers.add("Content-Disposition", csv ? "attachment; filename=\"audit.csv\""
                                                   : "attachment; filename=\"audit.json\"");
        out.headers.add("Cache-Control", "no-store");
        add_security_headers(out, false);
        respond(std::move(out));
      });
}

}  // namespace

void register_audit_routes(net::Router& router, const AccessParts& parts) {
  router.add("GET", "/api/v1/audit", [parts](Request&& request, Respond respond) {
    list(parts, request, std::move(respond));
  });
  router.add("GET", "/api/v1/audit/export", [parts](Request&& request, const Respond& respond) {
    exported(parts, request, respond);
  });
}

}  // namespace tocsin::server
