#pragma once
// Which handler answers a request. Filled before serving, then only read: all loops share one
// router without a lock. Handlers run in the loop of the connection and must not block; they answer
// through Respond, now or later.

#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "net/http.h"

namespace tocsin::net {

using Handler = std::function<void(Request&&, Respond)>;
// Runs before every handler, when the header is read and the body is not, with request.route set:
// may set request.user and request.who; an answer refuses the request.
using Authorize = std::function<std::optional<Response>(Request&)>;
// Stands around every handler: hands on the request, sees the answer. The handler outlives it.
using Around = std::function<void(const Handler&, Request&&, Respond)>;

class Router {
 public:
  // pattern: "/api/alerts/:id"; a segment ":name" takes one non-empty segment. Exact paths win over
  // patterns, earlier patterns over later ones. The same method and pattern twice is a broken
  // invariant. A GET route also serves HEAD (the server drops the body).
  void add(std::string_view method, std::string_view pattern, Handler handler);
  // Answers GET and HEAD of paths that no route has: pages.
  void set_fallback(Handler handler) { fallback_ = std::move(handler); }
  void set_authorize(Authorize authorize) { authorize_ = std::move(authorize); }
  void set_around(Around around) { around_ = std::move(around); }

  // First half, at the end of the header: finds the handler and fills path_params. A response is
  // the refusal: 404, 405 with Allow, or the authorize hook's (asked first for everything).
  struct Match {
    const Handler* handler = nullptr;
    std::optional<Response> refusal;
  };
  Match match(Request& request) const;
  // Second half, when the body is there: the handler, with what stands around it. match.handler is
  // not null.
  void answer(const Match& match, Request&& request, Respond respond) const;
  // Both halves in one: for tests and for callers without a body to wait for.
  void dispatch(Request&& request, Respond respond) const;

  struct Registered {
    std::string method, pattern;
  };
  std::vector<Registered> routes() const;  // by pattern, then method

 private:
  struct Route {
    std::string pattern;
    std::vector<std::string> segments;  // of a pattern
    std::map<std::string, Handler, std::less<>> by_method;
  };
  const Route* find(Request& request) const;

  std::map<std::string, Route, std::less<>> exact_;
  std::deque<Route> patterns_;  // stay where they are: requests view their patterns
  Handler fallback_;
  Authorize authorize_;
  Around around_;
};

}  // namespace tocsin::net
