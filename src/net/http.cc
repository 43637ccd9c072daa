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
  switch (status) {
    case 100:
      return "Continue";
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 202:
      return "Accepted";
    case 204:
      return "No Content";
    case 206:
      return "Partial Content";
    case 301:
      return "Moved Permanently";
    case 302:
      return "Found";
    case 303:
      return "See Other";
    case 304:
      return "Not Modified";
    case 307:
      return "Temporary Redirect";
    case 308:
      return "Permanent Redirect";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 411:
      return "Length Required";
    case 413:
      return "Content Too Large";
    case 415:
      return "Unsupported Media Type";
    case 417:
      return "Expectation Failed";
    case 422:
      return "Unprocessable Content";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 502:
      return "Bad Gateway";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    case 505:
      return "HTTP Version Not Supported";
    default:
      return "Status";
  }
}

}  // namespace tocsin::net
