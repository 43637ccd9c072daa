#pragma once
// What an HTTP answer means, as far as all services agree, and reading the JSON in it.

#include <boost/json/fwd.hpp>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "net/http_client.h"
#include "supervisor/outbox.h"

namespace tocsin::respond {

// 2xx: sent. What is wrong with the message itself (400, 410, 413, 422 ...) is final; everything
// else may be mended on the other side and is tried again; Retry-After is honoured.
supervisor::DeliveryResult judge_status(const net::HttpAnswer& answer, TimeMs now);
// The same, and a 2xx is only sent if `says_so` is true: otherwise "200 in 6 ms but `complaint`",
// tried again.
supervisor::DeliveryResult judge_said(const net::HttpAnswer& answer, TimeMs now, bool says_so,
                                      std::string_view complaint);
// Retry-After, at most an hour: a page must not wait longer for a wrong clock.
std::optional<DurationMs> requested_wait(const net::HttpAnswer& answer, TimeMs now);
// "200 in 6 ms", "no answer in 10000 ms: ...", "503 in 2 ms: overloaded"
std::string answer_text(const net::HttpAnswer& answer);

// 1 to 100 letters, digits, dashes and underscores: what may go into a path as it is.
bool is_plain_id(std::string_view text);

// A JSON document that may not be one.
class JsonAnswer {
 public:
  explicit JsonAnswer(std::string_view text);
  ~JsonAnswer();
  JsonAnswer(const JsonAnswer&) = delete;
  JsonAnswer& operator=(const JsonAnswer&) = delete;

  bool good() const { return value_ != nullptr; }
  // What stands at "messages.0.status": a text as it is, a number, true, false or null in JSON's
  // words; nullopt if there is nothing or a list or object. The empty path is the document.
  std::optional<std::string> at(std::string_view path) const;
  std::string text(std::string_view path) const { return at(path).value_or(""); }
  bool has(std::string_view path) const { return find(path) != nullptr; }
  // Elements of the list, members of the object at the path; 0 for anything else.
  size_t count(std::string_view path) const;

 private:
  const boost::json::value* find(std::string_view path) const;
  std::unique_ptr<boost::json::value> value_;
};

}  // namespace tocsin::respond
