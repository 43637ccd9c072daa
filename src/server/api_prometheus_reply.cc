#include "server/api_prometheus_reply.h"

#include <memory>

#include "base/log.h"
#include "server/assets.h"
#include "server/json_prometheus.h"

namespace tocsin::server::prometheus {
namespace {

int status_of(std::string_view type) {
  if (type == "bad_data") return 400;
  if (type == "execution") return 422;
  if (type == "timeout" || type == "canceled" || type == "unavailable") return 503;
  return 500;
}

// "http://127.0.0.1:3000" and the like.
bool of_this_machine(std::string_view origin) {
  const size_t scheme = origin.find("://");
  if (scheme == origin.npos) return false;
  std::string_view host = origin.substr(scheme + 3);
  if (host.starts_with("[::1]")) return host.size() == 5 || host[5] == ':';
  host = host.substr(0, host.find(':'));
  return host == "localhost" || host == "127.0.0.1";
}

}  // namespace

net::Response success(std::string body) {
  net::Response out = net::Response::json(200, std::move(body));
  out.headers.add("Cache-Control", "no-store");
  add_security_headers(out, false);
  return out;
}

net::Response failure(std::string_view type, std::string_view message) {
  net::Response out = net::Response::json(status_of(type), error_text(type, message));
  if (type == "unavailable") out.headers.add("Retry-After", "1");
  add_security_headers(out, false);
  return out;
}

net::Response refusal(const Error& error) { return failure("bad_data", error.message); }

net::Response failed(const Error& error, bool abandoned) {
  switch (error.code) {
    case ErrorCode::kInvalid:
    case ErrorCode::kExhausted:
    case ErrorCode::kRefused:
      return failure("execution", error.message);
    case ErrorCode::kUnavailable:
      return abandoned ? failure("canceled", "query was canceled in query execution")
                       : failure("timeout", error.message);
    case ErrorCode::kCorrupt:
    case ErrorCode::kInternal:
      break;
  }
  log::error("answering a query failed: {}", error.text());
  return failure("internal", error.text());
}

void submit(Queries& queries, const net::Request& request, net::Respond respond, DurationMs timeout,
            Work work) {
  const auto answer =
      std::make_shared<const net::Respond>(with_origin(request, std::move(respond)));
  Queries::Job job;
  job.timeout = timeout;
  job.gone = net::client_gone(request);
  job.run = [answer, work = std::move(work)](QueryContext& context) { (*answer)(work(context)); };
  job.fail = [answer](const Error& error) {
    (*answer)(error.code == ErrorCode::kExhausted ? failure("unavailable", error.message)
                                                  : failed(error));
  };
  queries.submit(std::move(job));
}

void allow_origin(const net::Request& request, net::Response& response) {
  const std::string_view origin = request.headers.get("Origin");
  if (origin.empty()) return;
  response.headers.add("Vary", "Origin");
  if (request.user.empty() && request.method != "OPTIONS" && !of_this_machine(origin)) return;
  response.headers.add("Access-Control-Allow-Headers",
                       "Accept, Authorization, Content-Type, Origin");
  response.headers.add("Access-Control-Allow-Methods", "GET, POST, OPTIONS");
  response.headers.add("Access-Control-Allow-Origin", "*");
  response.headers.add("Access-Control-Expose-Headers", "Date");
}

net::Respond with_origin(const net::Request& request, net::Respond respond) {
  if (!request.headers.has("Origin")) return respond;
  net::Response allowed;
  allow_origin(request, allowed);
  return [headers = allowed.headers, respond = std::move(respond)](net::Response response) {
    for (const auto& [name, value] : headers.pairs()) response.headers.add(name, value);
    respond(std::move(response));
  };
}

}  // namespace tocsin::server::prometheus
