#include "intake/influx_answer.h"

#include "base/json_writer.h"
#include "base/text.h"

namespace tocsin::intake {
namespace {

constexpr size_t kHeaderBytesMax = 512;

// A header's value has no control characters.
std::string header_text(std::string_view message) {
  std::string out = cut_text(message, kHeaderBytesMax);
  for (char& c : out)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  return out;
}

std::string_view v2_code(int status) {
  switch (status) {
    case 400:
      return "invalid";
    case 404:
      return "not found";
    case 413:
      return "request too large";
    case 429:
      return "too many requests";
    case 503:
      return "unavailable";
    default:
      return "internal error";
  }
}

}  // namespace

net::Response influx_v1_error(int status, std::string_view message) {
  net::Response response = net::Response::error_json(status, message);
  response.headers.add("X-Influxdb-Version", std::string(kInfluxVersion));
  response.headers.add("X-Influxdb-Error", header_text(message));
  return response;
}

net::Response influx_v2_error(int status, std::string_view message, uint64_t line) {
  JsonWriter json;
  json.begin_object().member("code", v2_code(status)).member("message", message);
  if (line > 0) json.member("line", line);
  json.end_object();
  net::Response response = net::Response::json(status, json.take());
  response.headers.add("X-Influx-Error", header_text(message));
  return response;
}

}  // namespace tocsin::intake
