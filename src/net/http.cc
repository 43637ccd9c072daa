#include "net/http.h"

#include <algorithm>

#include "base/json_writer.h"

namespace tocsin::net {

namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

bool same_name(std::string_view a, std::string_view b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(),
                                            [](char x, char y) { return lower(x) == lower(y); });
}

}  // namespace

const std::string* Params::find(std::string_view name) const {
  for (const Pair& pair : pairs_)
    if (pair.first == name) return &pair.second;
  return nullptr;
}

std::string_view Params::get(std::string_view name, std::string_view standard) const {
  const std::string* value = find(name);
  return value ? std::string_view(*value) : standard;
}

std::string_view Headers::get(std::string_view name) const {
  for (const Pair& pair : pairs_)
    if (same_name(pair.first, name)) return pair.second;
  return {};
}

bool Headers::has(std::string_view name) const {
  return std::any_of(pairs_.begin(), pairs_.end(),
                     [&](const Pair& pair) { return same_name(pair.first, name); });
}

void Headers::set(std::string_view name, std::string value) {
  std::erase_if(pairs_, [&](const Pair& pair) { return same_name(pair.first, name); });
  pairs_.emplace_back(name, std::move(value));
}

Response Response::json(int status, std::string text) {
  return Response::text(status, std::move(text), "application/json");
}

Response Response::text(int status, std::string text, std::string_view type) {
  Response out;
  out.status = status;
  std::string content_type(type);
  if (type.starts_with("text/") && type.find("charset") == type.npos)
    content_type += "; charset=utf-8";
  out.headers.add("Content-Type", std::move(content_type));
  out.body = std::move(text);
  return out;
}

Response Response::error_json(int status, std::string_view message) {
  JsonWriter json;
  json.begin_object().member("error", message).end_object();
  return Response::json(status, json.take());
}

Response Response::empty(int status) {
  Response out;
  out.status = status;
  return out;
}

std::string_view status_text(int status) {
  static constexpr std::pair<int, std::string_view> kTexts[] = {
      {100, "Continue"},
      {200, "OK"},
      {201, "Created"},
      {202, "Accepted"},
      {204, "No Content"},
      {206, "Partial Content"},
      {301, "Moved Permanently"},
      {302, "Found"},
      {303, "See Other"},
      {304, "Not Modified"},
      {307, "Temporary Redirect"},
      {308, "Permanent Redirect"},
      {400, "Bad Request"},
      {401, "Unauthorized"},
      {403, "Forbidden"},
      {404, "Not Found"},
      {405, "Method Not Allowed"},
      {408, "Request Timeout"},
      {409, "Conflict"},
      {411, "Length Required"},
      {413, "Content Too Large"},
      {415, "Unsupported Media Type"},
      {417, "Expectation Failed"},
      {422, "Unprocessable Content"},
      {429, "Too Many Requests"},
      {431, "Request Header Fields Too Large"},
      {500, "Internal Server Error"},
      {501, "Not Implemented"},
      {502, "Bad Gateway"},
      {503, "Service Unavailable"},
      {504, "Gateway Timeout"},
      {505, "HTTP Version Not Supported"},
  };
  for (const auto& [known, text] : kTexts)
    if (known == status) return text;
  return "Status";
}

}  // namespace tocsin::net
