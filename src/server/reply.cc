#include "server/reply.h"

#include "base/log.h"
#include "server/assets.h"

namespace tocsin::server {

namespace {

int status_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalid:
      return 400;
    case ErrorCode::kRefused:
      return 409;
    case ErrorCode::kExhausted:
    case ErrorCode::kUnavailable:
      return 503;
    case ErrorCode::kCorrupt:
    case ErrorCode::kInternal:
      return 500;
  }
  return 500;
}

}  // namespace

net::Response error_response(const Error& error) {
  const int status = status_of(error.code);
  if (status == 500) log::error("answering a request failed: {}", error.text());
  net::Response out = net::Response::error_json(status, error.text());
  if (status == 503) out.headers.add("Retry-After", "1");
  add_security_headers(out, false);
  return out;
}

net::Response json_response(JsonWriter& json) {
  net::Response out = net::Response::json(200, json.take());
  out.headers.add("Cache-Control", "no-store");
  add_security_headers(out, false);
  return out;
}

net::Response missing_response(std::string_view what) {
  net::Response out = net::Response::error_json(404, "there is no " + std::string(what));
  add_security_headers(out, false);
  return out;
}

}  // namespace tocsin::server
