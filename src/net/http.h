#pragma once
// A request and its answer as plain values. Nothing here knows how bytes travel.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "vocabulary/who.h"

namespace tocsin::net {

// An ordered list of names and values; small, so looked through from the front.
class Params {
 public:
  using Pair = std::pair<std::string, std::string>;
  void add(std::string name, std::string value) {
    pairs_.emplace_back(std::move(name), std::move(value));
  }
  // The first value of that name, exact case; nullptr if there is none.
  const std::string* find(std::string_view name) const;
  std::string_view get(std::string_view name, std::string_view standard = {}) const;
  bool has(std::string_view name) const { return find(name) != nullptr; }
  const std::vector<Pair>& pairs() const { return pairs_; }
  bool empty() const { return pairs_.empty(); }
  void clear() { pairs_.clear(); }

 private:
  std::vector<Pair> pairs_;
};

// The same for header fields: names compare without case.
class Headers {
 public:
  using Pair = Params::Pair;
  void add(std::string name, std::string value) {
    pairs_.emplace_back(std::move(name), std::move(value));
  }
  void set(std::string_view name, std::string value);  // replaces all of that name
  std::string_view get(std::string_view name) const;   // first, or empty
  bool has(std::string_view name) const;
  const std::vector<Pair>& pairs() const { return pairs_; }
  void clear() { pairs_.clear(); }

 private:
  std::vector<Pair> pairs_;
};

// Bytes after a body's end that may be read (simdjson loads whole vectors).
inline constexpr size_t kBodyPadding = 64;

class Exchange;  // the server's side of one request: see event_stream.h

struct Request {
  std::string method;                  // "GET"
  std::string path;                    // percent-decoded: "/api/alerts/7"
  std::string raw_path;                // as sent, without the query
  Params query;                        // decoded, in order
  Headers headers;                     // as sent; body encodings are already undone
  std::string body;                    // whole and inflated; capacity >= size + kBodyPadding
  std::string remote_address;          // "127.0.0.1", "::1"; IPv4 even when it came through IPv6
  Params path_params;                  // what ":id" of the route stood for, decoded
  std::string user;                    // set by the authorize hook; empty = nobody in particular
  std::string_view route;              // the pattern that fits, "/api/alerts/:id"; empty: a page
  std::shared_ptr<const Who> who;      // set by the authorize hook; null without one
  std::shared_ptr<AuditNote> audit;    // of a change that is recorded; handlers may fill it
  std::shared_ptr<Exchange> exchange;  // set by HttpServer; empty in tests without a server

  std::string_view param(std::string_view name) const { return path_params.get(name); }
};

struct Response {
  int status = 200;
  Headers headers;
  std::string body;

  static Response json(int status, std::string text);  // text: a complete JSON value
  static Response text(int status, std::string text, std::string_view type = "text/plain");
  static Response error_json(int status, std::string_view message);  // {"error":"message"}
  static Response empty(int status = 204);
};

// Gives the answer: once, from any thread; later calls are ignored. If every copy is gone without
// an answer, the client gets a 500. Safe after the connection or its loop is gone.
using Respond = std::function<void(Response)>;

// Asked from any thread while an answer is worked on: has the client gone away? One that only
// closed its sending side counts as gone, as with other servers. Never true without a server.
std::function<bool()> client_gone(const Request& request);

// The reason phrase of a status: "Not Found".
std::string_view status_text(int status);

}  // namespace tocsin::net
